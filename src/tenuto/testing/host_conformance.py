"""What every host must do: flows in, journals out. A host is done when all of `CASES` hold.

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
    def test_the_host_keeps_its_promises(case):
        asyncio.run(check(case, MyHarness()))

A harness serves the nodes of `tenuto.testing.host_nodes` and does five things; what it does them with is its own
business. Cases use real time, fractions of a second of it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tenuto.core.events import Fact
from tenuto.core.flow import Flow, Library, NodeType, read
from tenuto.ports.engine import Outcome, Refused
from tenuto.sdk.definition import NodeDefinition
from tenuto.testing import host_nodes, invariants

Document = Mapping[str, Any]


class Harness(Protocol):
    """One host, open."""

    async def start(
        self, flow: Flow, given: Any = None, *, flows: Mapping[str, Flow], origin: Mapping[str, Any] | None = None
    ) -> str:
        """Start a run. `flows`: what `call` finds, by name."""
        ...

    async def signal(self, run: str, name: str, payload: Any) -> None:
        """Raises `Refused`, as the port says."""
        ...

    async def cancel(self, run: str) -> None: ...

    async def outcome(self, run: str, until: frozenset[str] = frozenset()) -> Outcome: ...

    async def facts(self, run: str) -> Sequence[tuple[int, Fact]]:
        """What the journal has, with its seqs."""
        ...


class Play:
    """One run of a case: what may be done to it, and what came of it."""

    def __init__(self, harness: Harness, run: str, flow: Flow, flows: Mapping[str, Flow]) -> None:
        self.harness = harness
        self.run = run
        self.flow = flow
        self.flows = flows

    async def signal(self, name: str, payload: Any = None) -> None:
        await self.harness.signal(self.run, name, payload)

    async def refused(self, name: str, payload: Any = None) -> str:
        """The code with which a signal is refused; "" if it is not."""
        try:
            await self.signal(name, payload)
        except Refused as refused:
            return refused.code
        return ""

    async def cancel(self) -> None:
        await self.harness.cancel(self.run)

    async def until(self, status: str) -> None:
        await self.harness.outcome(self.run, frozenset({status}))

    async def ended(self) -> Outcome:
        return await self.harness.outcome(self.run)

    async def facts(self) -> list[Fact]:
        return [fact for _, fact in await self.harness.facts(self.run)]

    async def of(self, kind: str, path: str | None = None) -> list[Any]:
        """The facts of one type (of one node)."""
        found = [fact for fact in await self.facts() if fact.type == kind]
        return [fact for fact in found if path is None or getattr(fact, "path", None) == path]

    async def again(self, kind: str, **more: Any) -> "Play":
        """A run made of this one: `kind` is retry or fork."""
        nothing: dict[str, Any] = {"redo": None, "before": None, "edits": {}}
        origin = {"run": self.run, "kind": kind, **nothing, **more}
        run = await self.harness.start(self.flow, {}, flows=self.flows, origin=origin)
        return Play(self.harness, run, self.flow, self.flows)


async def _nothing(play: Play) -> None:
    del play


@dataclass(slots=True, frozen=True)
class Case:
    """A flow, what is done to its run, and what must come of it. `error` is the type of the run's error."""

    name: str
    document: Document
    status: str = "succeeded"
    output: Any = None
    error: str | None = None
    given: Any = None
    act: Callable[[Play], Awaitable[None]] = _nothing
    then: Callable[[Play], Awaitable[None]] = _nothing
    flows: Mapping[str, Document] = field(default_factory=dict[str, Document])


async def check(case: Case, harness: Harness) -> None:
    """Play the case; an `AssertionError` says what the host did otherwise."""
    flow = flow_of(case.name, case.document)
    flows = {name: flow_of(name, document) for name, document in case.flows.items()}
    run = await harness.start(flow, case.given, flows=flows)
    play = Play(harness, run, flow, flows)
    await case.act(play)
    outcome = await play.ended()
    assert outcome.status == case.status, outcome
    assert outcome.output == case.output, outcome
    assert (outcome.error or {}).get("type") == case.error, outcome
    problems = invariants.check({run: await harness.facts(run)}, flows={run: flow})
    assert not problems, problems
    await case.then(play)


def flow_of(name: str, document: Document, types: Library | None = None) -> Flow:
    """The document as a flow, checked against the suite's nodes (or these)."""
    flow, problems = read({"flow": name, **document}, types or library())
    assert flow is not None, problems
    return flow


def library() -> Mapping[str, NodeType]:
    """The suite's nodes, as documents are checked against them."""
    return {each.name: node_type(each) for each in host_nodes.definitions().values()}


def node_type(definition: NodeDefinition) -> NodeType:
    return NodeType(
        definition.name,
        definition.ports,
        definition.effects,
        definition.input_schema,
        definition.output_schema,
    )


def _echo(value: Any, **more: Any) -> dict[str, Any]:
    return {"use": "test.echo", "with": {"value": value}, **more}


# --- what is done and looked at, where a document alone does not say it


async def _approve(play: Play) -> None:
    await play.until("waiting")
    assert await play.refused("ok", {"nonsense": 1}) == "invalid"
    await play.signal("ok", {"approved": True, "comment": "fine"})
    assert await play.refused("ok", {"approved": False}) in {"answered", "ended"}


async def _send_go_twice(play: Play) -> None:
    await play.signal("go", 1)
    await play.signal("go", 2)


async def _answer(play: Play) -> None:
    await play.until("waiting")
    (suspended,) = await play.of("node.suspended")
    await play.signal(suspended.awaits["signal"], {"text": "yes"})


async def _cancel_when_running(play: Play) -> None:
    await play.until("waiting")
    await play.cancel()


async def _cancel_with_child(play: Play) -> None:
    while not await play.of("child.started"):  # noqa: ASYNC110  a journal has no event to wait for
        await asyncio.sleep(0.01)
    (started,) = await play.of("child.started")
    await play.harness.outcome(started.run, frozenset({"waiting"}))
    await play.cancel()


async def _add_budget(play: Play) -> None:
    await play.until("waiting")
    assert len(await play.of("budget.exceeded")) == 1
    assert await play.of("node.succeeded", "b") == []
    await play.signal("budget", {"add": {"tokens": 1_000}})


async def _retried_once(play: Play) -> None:
    (retrying,) = await play.of("node.retrying", "a")
    (succeeded,) = await play.of("node.succeeded", "a")
    assert (retrying.attempt, succeeded.attempt) == (1, 2)
    assert succeeded.at >= retrying.due


async def _one_failure(play: Play) -> None:
    assert await play.of("node.retrying") == []
    assert len(await play.of("node.failed", "a")) == 1


async def _in_order(play: Play) -> None:
    timers = {fact.path: fact for fact in await play.of("timer.set")}
    fired = await play.of("timer.fired")
    assert [fact.path for fact in fired] == ["short", "long"]
    assert all(fact.at >= timers[fact.path].due for fact in fired)


async def _child_is_recorded(play: Play) -> None:
    (started,), (finished,) = await play.of("child.started"), await play.of("child.finished")
    assert started.run == finished.run
    child = await play.harness.outcome(started.run)
    assert (child.status, child.output) == ("succeeded", 42)


async def _child_is_cancelled(play: Play) -> None:
    (started,) = await play.of("child.started")
    assert (await play.harness.outcome(started.run)).status == "cancelled"


async def _started_before(play: Play) -> None:
    facts = [(fact.type, getattr(fact, "path", "")) for fact in await play.facts() if fact.type.startswith("node.")]
    assert facts == [("node.started", "a"), ("node.succeeded", "a")]


async def _once_is_not_retried(play: Play) -> None:
    await play.until("waiting")
    (unknown,) = await play.of("node.unknown", "a")
    assert unknown.attempt == 1
    assert await play.refused("a", {"decision": "perhaps"}) == "invalid"
    await play.signal("a", {"decision": "done", "output": "sent by hand"})


async def _steps_kept(play: Play) -> None:
    recorded = await play.of("step.recorded", "a")
    assert [fact.key for fact in recorded] == ["part:1", "part:2", "part:3"]


async def _finally_ran(play: Play) -> None:
    (last,) = [fact for fact in await play.of("node.succeeded") if fact.path.endswith("clean")]
    assert last.output == "after failed"


async def _reuse(play: Play) -> None:
    again = await play.again("retry")
    outcome = await again.ended()
    assert outcome.status == "failed"
    assert [fact.path for fact in await again.of("node.reused")] == ["a"]
    assert [fact.path for fact in await again.of("node.failed")] == ["b"]
    assert (await again.of("node.reused"))[0].from_ == play.run


async def _fork_with_edit(play: Play) -> None:
    fork = await play.again("fork", edits={"a.output": 10})
    outcome = await fork.ended()
    assert outcome.output == 11
    assert [fact.from_ for fact in await fork.of("node.reused", "a")] == ["edit"]


_SLEEPY = {"use": "test.sleep", "with": {"seconds": 30}}

CASES: tuple[Case, ...] = (
    Case(
        "hello",
        {
            "input": {"name": "string", "mark": {"type": "string", "default": "!"}},
            "nodes": {"greet": _echo("Hello ${input.name}${input.mark}")},
            "output": "${greet}",
        },
        output="Hello Ada!",
        given={"name": "Ada"},
    ),
    Case(
        "branch",
        {
            "nodes": {
                "go": {"use": "test.branch", "with": {"go": "right"}},
                "left": _echo(1, after=["go.left"]),
                "right": _echo("${go}", after=["go.right"]),
            },
            "output": "${left ?? right}",
        },
        output="RIGHT",
    ),
    Case(
        "structure",
        {
            "nodes": {
                "a": {"use": "set", "with": {"value": 3}},
                "big": {"use": "if", "with": {"condition": "${a > 2}"}},
                "yes": _echo("big", after=["big.true"]),
                "no": _echo("small", after=["big.false"]),
                "which": {"use": "switch", "with": {"value": "${yes ?? no}", "cases": ["big", "small"]}},
                "end": _echo("${port(which)}", after=["which"]),
            },
            "output": "${end}",
        },
        output="big",
    ),
    Case(
        "map",
        {
            "nodes": {
                "all": {
                    "use": "map",
                    "over": "${[3, 1, 2]}",
                    "as": "n",
                    "concurrency": 2,
                    "nodes": {
                        "wait": {"use": "test.sleep", "with": {"seconds": "${n * 0.01}", "value": "${n * 10}"}},
                    },
                    "output": "${wait + index}",
                }
            },
            "output": "${all}",
        },
        output=[30, 11, 22],
    ),
    Case(
        "map-collects-failures",
        {
            "nodes": {
                "all": {
                    "use": "map",
                    "over": "${[0, 1, 2]}",
                    "on_error": "collect",
                    "nodes": {"half": _echo("${6 / item}")},
                    "output": "${half}",
                }
            },
            "output": {"items": "${all.items}", "bad": "${all.errors.map(e, e.index)}"},
        },
        output={"items": [None, 6, 3], "bad": [0]},
    ),
    Case(
        "loop",
        {
            "nodes": {
                "grow": {
                    "use": "loop",
                    "carry": 1,
                    "max": 10,
                    "until": "${turn.value >= 16}",
                    "nodes": {"double": _echo("${turn.value * 2}")},
                    "output": "${double}",
                }
            },
            "output": "${grow}",
        },
        output=16,
    ),
    Case(
        "retry",
        {
            "nodes": {"a": {"use": "test.flaky", "with": {"until": 2}, "retry": {"attempts": 3, "delay": "20ms"}}},
            "output": "${a}",
        },
        output={"attempt": 2, "key": "a"},
        then=_retried_once,
    ),
    Case(
        "input-errors-are-not-retried",
        {"nodes": {"a": {"use": "test.flaky", "with": {"until": "${'x'}"}, "retry": {"attempts": 3}}}},
        status="failed",
        error="input",
        then=_one_failure,
    ),
    Case(
        "error-port",
        {
            "nodes": {
                "a": {"use": "test.fail", "with": {"message": "out of tea"}},
                "b": _echo("${a.error.type}: ${a.error.message}"),
            },
            "output": "${b}",
        },
        output="refused: out of tea",
    ),
    Case(
        "an-unhandled-failure-cancels-the-rest",
        {"nodes": {"a": {"use": "test.fail"}, "b": _SLEEPY}},
        status="failed",
        error="refused",
    ),
    Case(
        "timeout",
        {"nodes": {"a": {**_SLEEPY, "timeout": "30ms"}}},
        status="failed",
        error="timeout",
    ),
    Case(
        "a-thread-that-times-out-has-returned-before-the-next-attempt",
        {
            "nodes": {
                "a": {
                    "use": "test.block",
                    "with": {"seconds": 20},
                    "timeout": "30ms",
                    "retry": {"attempts": 2, "delay": "10ms"},
                }
            }
        },
        status="failed",
        error="timeout",
    ),
    Case(
        "approval",
        {
            "nodes": {
                "ok": {"use": "approval", "with": {"question": "Go?"}},
                "yes": _echo("${ok.comment}", after=["ok.approved"]),
                "no": _echo("no", after=["ok.rejected"]),
            },
            "output": "${yes ?? no}",
        },
        output="fine",
        act=_approve,
    ),
    Case(
        "an-approval-times-out",
        {
            "nodes": {
                "ok": {"use": "approval", "with": {"question": "Go?"}, "timeout": "30ms"},
                "late": _echo("nobody came", after=["ok.timeout"]),
            },
            "output": "${late}",
        },
        output="nobody came",
    ),
    Case(
        "signals-are-kept-in-order",
        {
            "nodes": {
                "pause": {"use": "wait", "with": {"for": "50ms"}},
                "first": {"use": "wait", "after": ["pause"], "with": {"signal": "go"}},
                "second": {"use": "wait", "after": ["first"], "with": {"signal": "go"}},
            },
            "output": "${[first, second]}",
        },
        output=[1, 2],
        act=_send_go_twice,
    ),
    Case(
        "timers",
        {
            "nodes": {
                "long": {"use": "wait", "with": {"for": "120ms"}},
                "short": {"use": "wait", "with": {"for": "20ms"}},
            }
        },
        then=_in_order,
    ),
    Case(
        "call",
        {
            "nodes": {"sub": {"use": "call", "with": {"flow": "double", "input": {"n": 21}}}},
            "output": "${sub}",
        },
        output=42,
        flows={"double": {"input": {"n": "integer"}, "nodes": {"a": _echo("${input.n * 2}")}, "output": "${a}"}},
        then=_child_is_recorded,
    ),
    Case(
        "a-failed-child-fails-its-caller",
        {"nodes": {"sub": {"use": "call", "with": {"flow": "bad"}}}},
        status="failed",
        error="refused",
        flows={"bad": {"nodes": {"a": {"use": "test.fail"}}}},
    ),
    Case(
        "a-child-that-cannot-be-started-fails-its-caller",
        {
            "nodes": {
                "wrong": {"use": "call", "with": {"flow": "picky", "input": {"n": "x"}}},
                "absent": {"use": "call", "with": {"flow": "nowhere"}},
                "end": _echo(["${wrong.error.type}", "${absent.error.type}"]),
            },
            "output": "${end}",
        },
        output=["input", "call"],
        flows={"picky": {"input": {"n": "integer"}, "nodes": {"a": _echo("${input.n * 2}")}}},
    ),
    Case(
        "cancel",
        {"nodes": {"ok": {"use": "approval", "with": {"question": "Go?"}}, "b": _echo("${ok}")}},
        status="cancelled",
        error="cancelled",
        act=_cancel_when_running,
    ),
    Case(
        "cancel-cascades-to-children",
        {"nodes": {"sub": {"use": "call", "with": {"flow": "asks"}}}},
        status="cancelled",
        error="cancelled",
        flows={"asks": {"nodes": {"ok": {"use": "approval", "with": {"question": "Go?"}}}}},
        act=_cancel_with_child,
        then=_child_is_cancelled,
    ),
    Case(
        "finish",
        {
            "nodes": {
                "a": _echo(7),
                "slow": _SLEEPY,
                "end": {"use": "finish", "with": {"output": "${a}"}},
            },
            "output": "${slow}",
        },
        output=7,
    ),
    Case(
        "finally",
        {
            "nodes": {"a": {"use": "test.fail"}},
            "finally": {"nodes": {"clean": _echo("after ${run.status}")}},
        },
        status="failed",
        error="refused",
        then=_finally_ran,
    ),
    Case(
        "once",
        {"nodes": {"a": {"use": "test.mail", "with": {"text": "hi"}}}, "output": "${a}"},
        output="sent hi",
        then=_started_before,
    ),
    Case(
        "once-in-doubt-waits-for-a-decision",
        {
            "nodes": {
                "a": {
                    "use": "test.mail",
                    "with": {"text": "hi", "seconds": 20},
                    "timeout": "30ms",
                    "retry": {"attempts": 3},
                }
            },
            "output": "${a}",
        },
        output="sent by hand",
        act=_once_is_not_retried,
    ),
    Case(
        "steps",
        {
            "nodes": {
                "a": {"use": "test.steps", "with": {"fail_at": 2}, "retry": {"attempts": 2, "delay": "10ms"}},
            },
            "output": "${a}",
        },
        output=[{"part": 1, "attempt": 1}, {"part": 2, "attempt": 1}, {"part": 3, "attempt": 2}],
        then=_steps_kept,
    ),
    Case(
        "suspend",
        {"nodes": {"a": {"use": "test.ask", "with": {"question": "Well?"}}}, "output": "${a.answer.text}"},
        output="yes",
        act=_answer,
    ),
    Case(
        "a-suspension-times-out",
        {"nodes": {"a": {"use": "test.ask", "with": {"question": "?", "seconds": 0.03}}}, "output": "${a.timeout}"},
        output=True,
    ),
    Case(
        "budget",
        {
            "budget": {"tokens": 100},
            "nodes": {
                "a": {"use": "test.spend", "with": {"tokens": 150}},
                "b": {"use": "test.spend", "after": ["a"], "with": {"tokens": 1}},
            },
            "output": "${b.usage.tokens}",
        },
        output=1,
        act=_add_budget,
    ),
    Case(
        "retry-reuses-what-succeeded",
        {"nodes": {"a": _echo(1), "b": {"use": "test.fail", "after": ["a"]}}},
        status="failed",
        error="refused",
        then=_reuse,
    ),
    Case(
        "fork-with-an-edit",
        {"nodes": {"a": _echo(1), "b": _echo("${a + 1}")}, "output": "${b}"},
        output=2,
        then=_fork_with_edit,
    ),
)
