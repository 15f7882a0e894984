"""`tenuto agents run`: one task for one agent, as an ordinary run that is driven here."""

import json as json_text
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tenuto.cli.agent_house import look, named, place_with
from tenuto.cli.driving import Begin, drive
from tenuto.cli.following import Manner, run_to_the_end
from tenuto.cli.house import House, Place, user
from tenuto.cli.look import look_of, note, say
from tenuto.cli.painting import Cell, Painter
from tenuto.ports.engine import Refused
from tenuto.service import runs
from tenuto.service.agent_flows import AGENT_LABEL, Order, execution, read_flow
from tenuto.service.agent_looks import AgentLook

Json = object

_LARGEST_TASK: Final = 1_000_000  # bytes that are read from stdin


@dataclass(slots=True, frozen=True)
class Words:
    """What the command line says of the task."""

    task: str
    pairs: tuple[str, ...] = ()
    model: str | None = None
    runtime: str | None = None
    session: str | None = None
    output: str | None = None

    def order(self, agent: str) -> Order:
        return Order(
            agent=agent,
            task=_task_of(self.task),
            parameters=_parameters_of(self.pairs),
            model=self.model,
            runtime=self.runtime,
            session=self.session,
            output=None if self.output is None else _schema_of(self.output),
        )


@dataclass(slots=True, frozen=True)
class Where:
    data: Path | None = None
    stage: str | None = None
    agents: Path | None = None


def run(word: str, words: Words, where: Where, *, wait: bool, json: bool) -> int:
    name, folder = named(word, where.agents)
    place = place_with(where.data, where.stage, folder)
    order = words.order(name)
    execution(order)  # what cannot be is refused before anything is said
    manner = Manner(json, wait, ask=wait, words=place.words, by=user())
    return run_to_the_end(drive(place, beginning(place, order, manner), manner), manner)


def beginning(place: Place, order: Order, manner: Manner) -> Begin:
    """How the run of an order begins, in a house of one's own or in that of whoever owns the directory."""

    async def begin(house: House) -> str:
        seen = await look(house, place.settings.stage, order.agent, order.model)
        tell_agent(seen, manner)
        return await start(house, place, replace(order, agent=seen.agent.name))

    return begin


async def start(house: House, place: Place, order: Order) -> str:
    from tenuto.bootstrap import open_registry
    from tenuto.sdk.registry import library

    flow = read_flow(execution(order), library(open_registry(place.settings)))
    labels = {AGENT_LABEL: order.agent}
    run = house.tap()
    return await runs.start(house.engine, flow, order.input, stage=place.settings.stage, labels=labels, run=run)


def tell_agent(seen: AgentLook, manner: Manner) -> None:
    """Who works, which model was chosen for it and why, and what the agent lacks. Refused where no model can be asked."""
    agent, choice = seen.agent, seen.choice
    if choice.trouble:
        raise Refused("invalid", choice.trouble, "`tenuto agents list` says which model is the default")
    aside = _aside(manner)
    looks = look_of(sys.stderr if aside else sys.stdout)
    head = f"{looks.mark('start')} {agent.name}", f"asks {choice.names}"
    if aside:
        note("  ".join(text for text in (*head, choice.why) if text))
    else:
        Painter.for_stdout().above([Cell(head[0], "bold"), Cell(head[1], "cyan")], Cell(choice.why, "bright_black"))
    for problem in agent.problems:
        text = f"{looks.mark('warning')} {problem}"
        note(f"  {text}") if aside else Painter.for_stdout().prose(text, "yellow")
    note("") if aside else say()


def _aside(manner: Manner) -> bool:
    return manner.json or not sys.stdout.isatty()


def _task_of(word: str) -> str:
    task = sys.stdin.read(_LARGEST_TASK) if word == "-" else word
    if not task.strip():
        raise Refused("invalid", "there is no task", 'say what to do: tenuto agents run NAME "Write a haiku"')
    return task


def _parameters_of(pairs: tuple[str, ...]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise Refused("invalid", f"-p {pair[:60]}: a parameter is KEY=VALUE", "such as -p tone=dry")
        found[key] = _value_of(value)
    return found


def _value_of(text: str) -> Json:
    """JSON where it is that, else text: `3` is a number, `dry` is a word."""
    try:
        return json_text.loads(text)
    except ValueError:
        return text


def _schema_of(word: str) -> Mapping[str, Json]:
    try:
        text = Path(word[1:]).expanduser().read_text(encoding="utf-8") if word.startswith("@") else word
        said = json_text.loads(text)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise Refused("invalid", f"--output {word[:60]} cannot be read: {why}", 'such as {"type": "object"}') from None
    if not isinstance(said, dict):
        raise Refused("invalid", "--output is a JSON Schema, an object", 'such as {"type": "object"}')
    return said  # pyright: ignore[reportUnknownVariableType]  JSON
