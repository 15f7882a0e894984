"""A run as people see it, projected from its facts. Pure: facts in, views out; nothing is read and no clock is asked.

`Projector` folds facts one by one, so that a live display and a page of history are the same code. What no fact says
(an approval without a timeout that waits, the number of items of a map) is asked of the heart by `service.follow`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any, Literal

from tenuto.core import events
from tenuto.core.events import Fact
from tenuto.core.flow.model import Body, Flow, Node
from tenuto.core.machine import PAUSE, RESUME, node_at
from tenuto.sdk.errors import IN_TURN
from tenuto.service.spending import spend

Json = object

SETTLED = frozenset({"succeeded", "failed", "skipped", "reused", "cancelled"})
ENDED = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(slots=True)
class Wait:
    """What a node waits for: a person (`approval`, `decision`), a `signal`, a point in `time`, a child `run`, or its turn in
    a `session` (`run`: whose turn it is).
    The run itself may wait for more `budget`, or for the end of a `pause`.

    `waits`: what that child asks. Each is told by its path from here: the `call` node's, a slash, the child's own. Or all
    that the node waits for, where that is several things.
    """

    path: str
    kind: Literal["approval", "decision", "signal", "time", "run", "session", "budget", "pause"]
    signal: str | None = None
    due: float | None = None
    ask: dict[str, Json] = field(default_factory=dict[str, Json])
    run: str | None = None
    waits: "tuple[Wait, ...]" = ()


@dataclass(slots=True)
class NodeView:
    path: str
    use: str = ""
    status: str = "pending"
    port: str | None = None
    input: Json = None
    output: Json = None
    error: dict[str, Json] | None = None
    attempts: int = 0
    max_attempts: int = 1
    started_at: float | None = None
    ended_at: float | None = None
    due: float | None = None  # when the next attempt or the timer is due
    wait: Wait | None = None
    child: str | None = None
    reused_from: str | None = None
    items_done: int = 0
    items_failed: int = 0
    items: int | None = None  # how many there are, where that is known
    seq: int = 0  # of its first fact

    @property
    def settled(self) -> bool:
        return self.status in SETTLED


@dataclass(slots=True)
class RunView:
    """`version`: the number under which its flow was saved, where somebody has looked it up."""

    id: str = ""
    name: str = ""
    flow: str = ""
    document: str = ""
    version: int | None = None
    status: str = "queued"
    paused: bool = False
    stage: str = "dev"
    input: Json = None
    output: Json = None
    error: dict[str, Json] | None = None
    nodes: dict[str, NodeView] = field(default_factory=dict[str, NodeView])
    parent: str | None = None
    origin: dict[str, Json] | None = None
    created_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    resumed: int = 0
    cost: dict[str, float] = field(default_factory=dict[str, float])
    seq: int = 0

    @property
    def forked_from(self) -> str | None:
        said = (self.origin or {}).get("run")
        return said if isinstance(said, str) else None

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    def level(self, under: str = "") -> dict[str, NodeView]:
        """The nodes that stand directly under a path; the flow's own for none."""
        return {path: node for path, node in self.nodes.items() if parent_of(path) == under}


class Projector:
    """Folds the facts of one run into its view, in their order."""

    def __init__(self, flow: Flow | None = None) -> None:
        self.flow = flow
        self.view = RunView()
        if flow is not None:
            self.view.flow = flow.name
            for path, node in outline(flow):
                self.view.nodes[path] = _blank(path, node)

    def fold(self, seq: int, fact: Fact) -> None:
        self.view.seq = seq
        _FOLDS[fact.type](self, fact)

    def node(self, path: str) -> NodeView:
        node = self.view.nodes.get(path)
        if node is None:
            node = self.view.nodes[path] = _blank(path, node_at(self.flow, path) if self.flow else None)
        if not node.seq:
            node.seq = self.view.seq
        return node


def _queued(seen: Projector, fact: events.RunQueued) -> None:
    view = seen.view
    view.id, view.name, view.flow, view.document = fact.run, fact.name, fact.flow, fact.document
    view.created_at = fact.at


def _started(seen: Projector, fact: events.RunStarted) -> None:
    view = seen.view
    view.id, view.name, view.flow, view.document = fact.run, fact.name, fact.flow, fact.document
    view.status, view.stage, view.input = "running", fact.stage, fact.input
    view.parent, view.origin = fact.parent, fact.origin
    view.created_at = view.created_at or fact.at
    view.started_at = fact.at


def _resumed(seen: Projector, _: events.RunResumed) -> None:
    seen.view.resumed += 1


def _node_started(seen: Projector, fact: events.NodeStarted) -> None:
    node = seen.node(fact.path)
    node.status, node.attempts, node.started_at, node.input = "running", fact.attempt, fact.at, fact.input


def _step(seen: Projector, fact: events.StepStarted | events.StepRecorded | events.StepsDropped) -> None:
    node = seen.node(fact.path)
    if not node.settled:
        node.status, node.wait = "running", None
        node.started_at = node.started_at or fact.at
    if isinstance(fact, events.StepRecorded):
        spend(seen.view.cost, fact.usage)


def _succeeded(seen: Projector, fact: events.NodeSucceeded) -> None:
    node = _outcome(seen, fact)
    node.status, node.port, node.output, node.error = "succeeded", fact.port, fact.output, None


def _failed(seen: Projector, fact: events.NodeFailed) -> None:
    node = _outcome(seen, fact)
    kind = fact.error.get("type")
    node.status, node.error = ("cancelled" if kind == "cancelled" else "failed"), fact.error


def _outcome(seen: Projector, fact: events.NodeSucceeded | events.NodeFailed) -> NodeView:
    node = seen.node(fact.path)
    node.attempts, node.ended_at, node.wait, node.due = fact.attempt, fact.at, None, None
    first = fact.started_at if fact.attempt == 1 else None
    node.started_at = first or node.started_at or fact.started_at or fact.at
    node.input = fact.input
    spend(seen.view.cost, fact.usage)
    return node


def _retrying(seen: Projector, fact: events.NodeRetrying) -> None:
    node = seen.node(fact.path)
    node.status, node.attempts, node.due, node.error = "retrying", fact.attempt, fact.due, fact.error
    node.input = fact.input
    node.started_at = node.started_at or fact.started_at or fact.at
    spend(seen.view.cost, fact.usage)


def _suspended(seen: Projector, fact: events.NodeSuspended) -> None:
    node = seen.node(fact.path)
    node.status, node.attempts, node.input = "waiting", fact.attempt, fact.input
    node.started_at = node.started_at or fact.at
    node.wait = waits_of_node(fact.path, fact.awaits)


def _unknown(seen: Projector, fact: events.NodeUnknown) -> None:
    node = seen.node(fact.path)
    node.status, node.attempts = "unknown", fact.attempt
    node.wait = Wait(fact.path, "decision", fact.path, ask={"step": fact.step, "reason": fact.reason})


def _skipped(seen: Projector, fact: events.NodeSkipped) -> None:
    node = seen.node(fact.path)
    node.status, node.ended_at = "skipped", fact.at


def _reused(seen: Projector, fact: events.NodeReused) -> None:
    node = seen.node(fact.path)
    node.status, node.port, node.output, node.input = "reused", fact.port, fact.output, fact.input
    node.ended_at, node.reused_from = fact.at, fact.from_


def _item(seen: Projector, fact: events.ItemDone) -> None:
    node = seen.node(fact.path)
    if not node.settled:
        node.status = "running"
    node.started_at = node.started_at or fact.at
    node.items_done += 1
    node.items_failed += fact.error is not None


def _signal(seen: Projector, fact: events.SignalReceived) -> None:
    if fact.name in (PAUSE, RESUME):
        seen.view.paused = fact.name == PAUSE
        return
    node = seen.view.nodes.get(fact.name)
    if node is not None and node.status == "unknown":
        node.status, node.wait = "running", None


def _timer_set(seen: Projector, fact: events.TimerSet) -> None:
    if fact.path in ("run", "run.finally"):
        return
    node = seen.node(fact.path)
    node.due = fact.due
    node.started_at = node.started_at or fact.at
    if node.status in ("pending", "running"):
        node.status = "waiting"
        node.wait = Wait(fact.path, "time", due=fact.due)


def _child_started(seen: Projector, fact: events.ChildStarted) -> None:
    node = seen.node(fact.path)
    node.status, node.child, node.attempts = "running", fact.run, fact.attempt
    node.started_at = node.started_at or fact.at


def _child_finished(seen: Projector, fact: events.ChildFinished) -> None:
    spend(seen.view.cost, fact.usage)


def _ended(seen: Projector, fact: events.RunSucceeded | events.RunFailed | events.RunCancelled) -> None:
    view = seen.view
    view.status, view.ended_at = fact.type.removeprefix("run."), fact.at
    if isinstance(fact, events.RunSucceeded):
        view.output = fact.output
    else:
        view.error = fact.error
    for node in view.nodes.values():
        if not node.settled and node.status != "pending":
            node.status, node.ended_at, node.wait = "cancelled", fact.at, None


def _nothing(seen: Projector, fact: Fact) -> None:
    """Facts that change no view."""


_FOLDS: Mapping[str, Callable[[Projector, Any], None]] = {
    "run.queued": _queued,
    "run.started": _started,
    "run.resumed": _resumed,
    "node.started": _node_started,
    "step.started": _step,
    "step.recorded": _step,
    "steps.dropped": _step,
    "node.succeeded": _succeeded,
    "node.failed": _failed,
    "node.retrying": _retrying,
    "node.suspended": _suspended,
    "node.unknown": _unknown,
    "node.skipped": _skipped,
    "node.reused": _reused,
    "item.done": _item,
    "signal.received": _signal,
    "timer.set": _timer_set,
    "timer.fired": _nothing,
    "child.started": _child_started,
    "child.finished": _child_finished,
    "budget.exceeded": _nothing,
    "cancel.requested": _nothing,
    "run.succeeded": _ended,
    "run.failed": _ended,
    "run.cancelled": _ended,
}


def project(facts: Iterable[tuple[int, Fact]], flow: Flow | None = None) -> RunView:
    """The view after all of the facts."""
    projector = Projector(flow)
    for seq, fact in facts:
        projector.fold(seq, fact)
    return projector.view


def _blank(path: str, node: Node | None) -> NodeView:
    return NodeView(path, node.use, max_attempts=node.retry.attempts) if node else NodeView(path)


def waits_of_node(path: str, awaits: Mapping[str, Any]) -> Wait:
    """What a node waits for that ended its turn: the first thing, below which all stand where it waits for several."""
    first = _wait_of(path, awaits)
    also = [_wait_of(path, each) for each in awaits.get("also", ())]
    return replace(first, waits=(first, *also)) if also else first


def _wait_of(path: str, said: Mapping[str, Any]) -> Wait:
    signal, due, ask = said.get("signal"), said.get("due"), said.get("ask")
    if isinstance(ask, dict) and ask.get("kind") == IN_TURN:  # pyright: ignore[reportUnknownMemberType] # JSON
        return Wait(path, "session", ask=ask, run=ask.get("run"))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType] # JSON
    return Wait(
        path,
        "approval" if isinstance(ask, dict) else "signal" if isinstance(signal, str) else "time",
        signal if isinstance(signal, str) else None,
        due if isinstance(due, float | int) else None,
        ask if isinstance(ask, dict) else {},  # pyright: ignore[reportUnknownArgumentType] # JSON
    )


def outline(flow: Flow) -> Iterable[tuple[str, Node]]:
    """The flow's own nodes, each after those that it waits for, otherwise as the document has them; `finally` last."""
    yield from _in_order(flow.body)
    if flow.finally_ is not None:
        yield from _in_order(flow.finally_)


def _in_order(body: Body) -> Iterable[tuple[str, Node]]:
    """A recorded document has its keys sorted, so its own order says nothing."""
    places = {name: place for place, name in enumerate(body.nodes)}
    names = list(body.nodes)
    missing = {name: {entry.node for need in node.needs for entry in need.entries} for name, node in body.nodes.items()}
    followers: dict[str, list[str]] = {}
    for name, needed in missing.items():
        for other in needed:
            followers.setdefault(other, []).append(name)
    ready = [places[name] for name in names if not missing[name]]
    while ready:
        name = names[heappop(ready)]
        yield name, body.nodes[name]
        for follower in followers.get(name, ()):
            missing[follower].discard(name)
            if not missing[follower]:
                heappush(ready, places[follower])


def parent_of(path: str) -> str:
    """The container that a node stands in (or the node, for an agent's tool); "" for the flow itself."""
    at = max(path.rfind("["), path.rfind("/"))
    return path[:at] if at > 0 else ""
