"""What a case is, what may be done to its run, and how it is played on a host."""

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


def echo(value: Any, **more: Any) -> dict[str, Any]:
    """A node that gives a value."""
    return {"use": "test.echo", "with": {"value": value}, **more}
