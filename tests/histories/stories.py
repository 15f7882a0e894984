"""A dozen flows with all that happens to them: what the golden journals are made of, and what is cut at every fact.

A story is data: the document, what its nodes answer, who answers what. `play` brings any run of it to its end, from
the start or from the middle, always in the same order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenuto.core.commands import RunNode
from tenuto.core.events import SignalReceived
from tenuto.core.flow.library import NodeType
from tenuto.core.inputs import Signal
from tenuto.core.machine import PAUSE, RESUME, waits_of
from tenuto.sdk.errors import NodeError, Suspended
from tenuto.testing.driver import Driver

TYPES = (NodeType("work"), NodeType("mail", effects="once"), NodeType("choose", ports=("left", "right")))


@dataclass(frozen=True)
class Story:
    """`answers`: what is sent to whoever waits, by the name of the signal. `cancelled`: after its first round. `paused`:
    before its first round, until nothing runs any more."""

    document: Mapping[str, Any]
    nodes: Mapping[str, Any] = field(default_factory=dict)
    answers: Mapping[str, Any] = field(default_factory=dict)
    given: Any = None
    cancelled: bool = False
    paused: bool = False

    def driver(self) -> Driver:
        document = {"flow": "story", **self.document}
        return Driver(document, input=self.given, nodes=self.nodes, types=TYPES)


def play(story: Story, driver: Driver) -> Driver:
    """Go on to the end."""
    for _ in range(60):
        if story.paused and not _was_paused(driver):
            driver.tell(Signal(driver.now, PAUSE, None, by="ann"))
        driver.run()
        if driver.state.ended is not None:
            return driver
        if driver.state.paused:
            driver.tell(Signal(driver.now, RESUME, None, by="ann"))
        elif story.cancelled and not any(fact.type == "cancel.requested" for fact in driver.facts):
            driver.cancel("enough")
        elif not _answer(story, driver):
            driver.advance(30)
    raise AssertionError(f"the story does not end: {driver.due}")


def _was_paused(driver: Driver) -> bool:
    return any(isinstance(fact, SignalReceived) and fact.name == PAUSE for fact in driver.facts)


def _answer(story: Story, driver: Driver) -> bool:
    """Everybody who waits for something that the story knows gets it."""
    heard = False
    for path, node in list(driver.state.nodes.items()):
        if node.status not in {"waiting", "unknown"} or node.settled:
            continue
        names = [path] if node.status == "unknown" else [str(wait.get("signal")) for wait in waits_of(node)]
        for name in names:
            if name in story.answers:
                heard = bool(driver.tell(Signal(driver.now, name, story.answers[name], by="ann"))) or heard
    if driver.state.held and "budget" in story.answers:
        heard = bool(driver.tell(Signal(driver.now, "budget", story.answers["budget"]))) or heard
    return heard


def fails(kind: str = "error", **more: Any) -> Any:
    """A behaviour that always fails."""

    def behave(_given: Any) -> Any:
        raise NodeError("it went wrong", type=kind, **more)

    return behave


def fails_once(_given: Any, command: RunNode) -> Any:
    """A behaviour that succeeds the second time."""
    if command.attempt == 1:
        raise NodeError("not yet", type="error")
    return command.attempt


def asks(_given: Any, command: RunNode) -> Any:
    """A behaviour that waits for an answer."""
    if "answer" not in command.steps:
        raise Suspended("answer", signal="reply")
    return command.steps["answer"][1]


class Several(Suspended):
    """A wait for several answers at once; the last one is given up after a minute."""

    @property
    def awaits(self) -> dict[str, Any]:
        first, *also = ({"key": key, "signal": f"a/{key}"} for key in self.ask)
        return {**first, "also": also, "seconds": 600} if also else first


def asks_much(_given: Any, command: RunNode) -> Any:
    """A behaviour that waits for three answers, and goes on with each as far as it can."""
    keys = ("one", "two", "three")
    open_ = [key for key in keys if key not in command.steps]
    if open_:
        raise Several(open_[0], signal="", ask=open_)
    return [command.steps[key][1] for key in keys]


def work(**keys: Any) -> dict[str, Any]:
    return {"use": "work", **keys}


def takes(value: Any) -> dict[str, Any]:
    return {"value": value}


STORIES: dict[str, Story] = {
    "pause": Story(
        {
            "nodes": {
                "a": {"use": "work"},
                "flaky": {"use": "work", "retry": {"attempts": 2, "delay": "1s"}},
                "nap": {"use": "wait", "with": {"for": "5s"}},
                "s": {"use": "set", "with": {"value": "${a}"}},
                "m": {"use": "map", "after": ["nap", "flaky"], "over": "${[s, s]}", "nodes": {"x": {"use": "work"}}},
            },
            "output": "${s}",
        },
        nodes={"a": 7, "flaky": fails_once, "x": 1},
        paused=True,
    ),
    "chain": Story(
        {
            "input": {"n": "integer"},
            "nodes": {
                "a": work(**{"with": takes("${input.n}")}),
                "b": work(**{"with": takes("${a}")}),
                "c": work(after=["b"]),
            },
            "output": {"a": "${a}", "b": "${b}"},
        },
        nodes={"work": lambda given: given.get("value", 0) + 1},
        given={"n": 1},
    ),
    "branch": Story(
        {
            "nodes": {
                "a": work(),
                "f": {"use": "if", "with": {"condition": "${a > 1}"}},
                "yes": work(after=["f.true"]),
                "no": work(after=["f.false"]),
                "s": {"use": "switch", "with": {"value": "${a}", "cases": ["one", "two"]}},
                "d": {"use": "set", "after": ["s.default"], "with": takes("default")},
            },
            "output": "${[yes ?? no, d]}",
        },
        nodes={"a": 2, "work": "there"},
    ),
    "map": Story(
        {
            "nodes": {
                "a": work(),
                "m": {
                    "use": "map",
                    "over": "${a}",
                    "concurrency": 2,
                    "nodes": {"x": work(**{"with": takes("${item}")}), "y": work(**{"with": takes("${x + index}")})},
                    "output": "${y}",
                },
            },
            "output": "${m}",
        },
        nodes={"a": [1, 2, 3, 4, 5], "work": lambda given: given["value"] * 10},
    ),
    "collect": Story(
        {
            "nodes": {
                "m": {
                    "use": "map",
                    "over": "${[1, 2, 3]}",
                    "on_error": "collect",
                    "nodes": {"x": work(), "f": {"use": "fail", "when": "${item == 2}", "with": {"message": "two"}}},
                    "output": "${x}",
                }
            },
            "output": "${m}",
        },
        nodes={"work": 1},
    ),
    "loop": Story(
        {
            "nodes": {
                "l": {
                    "use": "loop",
                    "max": 4,
                    "carry": 1,
                    "until": "${turn.value > 5}",
                    "nodes": {"x": work(**{"with": takes("${turn.value}")})},
                    "output": "${x}",
                }
            },
            "output": "${[l, port(l)]}",
        },
        nodes={"work": lambda given: given["value"] * 2},
    ),
    "retry": Story(
        {
            "nodes": {
                "a": work(retry={"attempts": 3, "delay": "1s"}),
                "b": work(after=["a.error"], **{"with": takes("${a.error}")}),
            },
            "output": "${b}",
        },
        nodes={"a": fails("broken"), "b": lambda given: given["value"]["attempts"]},
    ),
    "approval": Story(
        {
            "nodes": {
                "plan": work(),
                "ok": {"use": "approval", "with": {"question": "Go?", "show": "${plan}"}, "timeout": "1h"},
                "go": {"use": "wait", "after": ["ok"], "with": {"signal": "go"}},
                "late": {"use": "approval", "with": {"question": "Anybody?"}, "timeout": "1m"},
                "nobody": work(after=["late.timeout"]),
            },
            "output": "${[go, nobody]}",
        },
        nodes={"work": "plan"},
        answers={"ok": {"approved": True, "comment": "fine"}, "go": {"speed": 5}},
    ),
    "children": Story(
        {
            "nodes": {
                "c": {"use": "call", "with": {"flow": "child", "input": {"x": 1}}},
                "d": {"use": "call", "with": {"flow": "broken"}, "on_error": "continue"},
                "e": work(after=["c", "d?"]),
            },
            "output": "${[c, d.error.type]}",
        },
        nodes={"child": {"y": 2}, "broken": fails("broken", retry=False), "work": 1},
    ),
    "effects": Story(
        {"nodes": {"m": {"use": "mail", "with": {"to": "ann"}}, "n": work(after=["m"])}, "output": "${m}"},
        nodes={"mail": "sent", "work": 1},
        answers={"m": {"decision": "done", "output": "sent"}},
    ),
    "several": Story(
        {"nodes": {"a": work(), "b": work(after=["a"])}, "output": "${a}"},
        nodes={"a": asks_much, "b": "after all"},
        answers={"a/two": "2", "a/three": "3"},
    ),
    "suspension": Story(
        {"nodes": {"a": work(), "b": work(after=["a"])}, "output": "${b}"},
        nodes={"a": asks, "b": "after all"},
        answers={"reply": "yes"},
    ),
    "finally": Story(
        {
            "nodes": {"a": work(), "b": {"use": "mail", "after": ["a"]}},
            "finally": {"nodes": {"tidy": work(**{"with": takes("${run.status}")}), "fail": work()}},
            "timeout": "1h",
        },
        nodes={"a": fails("broken"), "fail": fails(), "work": lambda given: given["value"]},
    ),
    "cancel": Story(
        {
            "nodes": {"a": work(), "w": {"use": "wait", "with": {"signal": "never"}}, "b": work(after=["w"])},
            "finally": {"nodes": {"tidy": work(**{"with": takes("${run.error.type}")})}},
        },
        nodes={"a": 1, "tidy": "tidied"},
        cancelled=True,
    ),
    "finish": Story(
        {
            "nodes": {
                "m": {
                    "use": "map",
                    "over": "${[1, 2]}",
                    "nodes": {
                        "x": work(),
                        "stop": {"use": "finish", "after": ["x"], "when": "${item == 1}", "with": {"output": "early"}},
                        "y": work(after=["x"]),
                    },
                    "output": "${y}",
                },
                "end": {"use": "finish", "after": ["m"], "with": {"output": "${m}"}},
            },
        },
        nodes={"work": "late"},
    ),
    "secrets": Story(
        {
            "nodes": {
                "a": work(
                    retry={"attempts": 2}, **{"with": {"key": "${secrets.KEY}", "text": "Bearer ${secrets.KEY}"}}
                ),
                "b": work(after=["a.error"]),
            }
        },
        nodes={"a": fails("broken"), "b": 1},
    ),
}
