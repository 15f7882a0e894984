"""Golden journals: what this program wrote of each story, kept so that every later program must read it the same.

    python -m tests.histories.golden        # from the project's folder; writes what is missing, never what is there

A file holds the document, the facts as the journal keeps them, and, after each fact, how the run stood: its status and
what was outstanding. A journal that was released is never written anew: a program that reads it otherwise is wrong.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tenuto.core.commands import CancelNode, Command, RunNode, SetTimer, StartChild
from tenuto.core.events import Fact
from tenuto.core.flow import Flow
from tenuto.core.machine import State, about_of, evolve, new_state, todo
from tenuto.core.values import canonical
from tenuto.ports.codec import decode, encode
from tenuto.testing.driver import AnyType, flow_of

from .stories import STORIES, TYPES, play

FOLDER = Path(__file__).parent / "golden"


def recording(name: str) -> dict[str, Any]:
    """A story as a golden journal."""
    story = STORIES[name]
    driver = play(story, story.driver().start())
    return {
        "document": {"flow": "story", **story.document},
        "facts": [[fact.type, json.loads(encode(fact)[0])] for fact in driver.facts],
        "stood": [stood(state) for state in replayed(driver.flow, driver.facts)],
        "nodes": nodes(driver.state),
        "outcome": [driver.status, driver.output, driver.error],
    }


def facts_of(golden: Mapping[str, Any]) -> list[Fact]:
    return [decode(kind, canonical(body).encode()) for kind, body in golden["facts"]]


def golden_flow(golden: Mapping[str, Any]) -> Flow:
    return flow_of(golden["document"], AnyType(TYPES))


def replayed(flow: Flow, facts: list[Fact]) -> Iterator[State]:
    """The state after each fact, each replayed from the beginning."""
    for length in range(1, len(facts) + 1):
        state = new_state(flow, about_of(facts[0]))  # type: ignore[arg-type]  # a run begins with what it was given
        for fact in facts[:length]:
            evolve(state, fact)
        yield state


def stood(state: State) -> list[str]:
    """The status, and what was outstanding, in words that no change of a class can change."""
    return [state.status, *sorted(map(_said, todo(state)))]


def _said(command: Command) -> str:
    match command:
        case RunNode():
            return f"run {command.path} attempt {command.attempt} wake {command.wake} as {command.key}"
        case StartChild():
            return f"start {command.path} attempt {command.attempt}: {command.flow} as {command.run}"
        case CancelNode():
            return f"cancel {command.path} attempt {command.attempt}"
        case SetTimer():
            return f"timer {command.path} at {command.due}"
        case _:
            return f"finish {command.status}"


def nodes(state: State) -> dict[str, str]:
    return {path: " ".join(filter(None, (node.status, node.port))) for path, node in sorted(state.nodes.items())}


def text_of(golden: Mapping[str, Any]) -> str:
    """One line a fact, so that a change can be read."""
    parts = [f'"{key}": {_lines(value)}' for key, value in golden.items()]
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "[\n" + ",\n".join(canonical(member) for member in value) + "\n]"
    return json.dumps(value, ensure_ascii=False)


def load(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    for name in STORIES:
        path = FOLDER / f"{name}.json"
        if not path.exists():
            path.write_text(text_of(recording(name)), encoding="utf-8")


if __name__ == "__main__":
    main()
