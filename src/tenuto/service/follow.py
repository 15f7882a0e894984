"""A run's view with what no fact says: what runs now, what waits for whom, how many items a map has.

`Follower` folds the facts twice, into the view and into a throw-away state of the heart, whose fold works out what
followed without a fact (an approval that waits, a map that opened). Nothing here writes.

A run that called others waits for what they ask. Their followers hang below the paths of the nodes that called them, and
what is asked deeper is told by a path with a slash: `sub/ok` is the node `ok` of the run that `sub` called.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

from tenuto.core.commands import StartChild
from tenuto.core.events import ChildFinished, ChildStarted, Fact, RunQueued
from tenuto.core.flow.model import Flow
from tenuto.core.machine import BUDGET, RESUME, NodeState, Origin, State, about_of, evolve, new_state, node_at
from tenuto.service.projection import NodeView, Projector, RunView, Wait, outline, waits_of_node
from tenuto.service.spending import counted

Json = object

_OPENING = frozenset({"map", "loop", "approval", "wait"})


class Follower:
    """Follows one run, fact by fact. Without its flow (a document that this program cannot read) only facts speak."""

    def __init__(self, flow: Flow | None, names: Mapping[str, str] | None = None) -> None:
        """`names`: of the runs that this one came of, by their ids; facts know ids alone."""
        self.names = names or {}
        self._projector = Projector(flow)
        self._flow = flow
        self._state: State | None = None
        self._closed = {path for path, node in outline(flow) if node.use in _OPENING} if flow else set[str]()
        self._in_finally = False
        self._children: dict[str, Follower] = {}  # by the path of the node that called

    @property
    def breadth(self) -> int:
        """How many nodes its flow has, which are shown one and all."""
        return len(self._flow.body.nodes) if self._flow else len(self._projector.view.nodes)

    @property
    def seq(self) -> int:
        """Of the last fact seen."""
        return self._projector.view.seq

    def fold(self, seq: int, fact: Fact) -> None:
        self._projector.fold(seq, fact)
        if isinstance(fact, ChildStarted | ChildFinished):
            self._children.pop(fact.path, None)
        if self._flow is None:
            return
        if self._state is None and isinstance(fact, RunQueued):
            about = about_of(fact)
            edits = (fact.origin or {}).get("edits")
            origin = Origin("", {}, {}, edits=cast("dict[str, Json]", edits)) if isinstance(edits, dict) else None
            self._state = new_state(self._flow, about, origin)
        if self._state is not None:
            evolve(self._state, fact)
            self._open(self._state, fact)
            if self._projector.view.ended:
                self._stop(self._state, fact.at)

    def _open(self, state: State, fact: Fact) -> None:
        """No fact says when a map, a loop or an approval began: it is the fact that made it so."""
        for path in self._may_open(state, fact):
            if path in self._closed and path in state.nodes and state.nodes[path].status != "pending":
                self._closed.discard(path)
                node = self._projector.node(path)
                node.started_at = node.started_at or fact.at

    def _may_open(self, state: State, fact: Fact) -> Iterable[str]:
        """What a fact of a node opens waits for that node; a fact of the run (its start, the end of a pause) may open any,
        and so may the one that opens `finally`."""
        if not self._closed or self._flow is None:
            return ()
        path, in_finally = getattr(fact, "path", None), state.finally_ is not None
        if path is None or in_finally is not self._in_finally:
            self._in_finally = in_finally
            return list(self._closed)
        bodies = (self._flow.body, self._flow.finally_)
        return (path, *(name for body in bodies if body for name, _ in body.dependents.get(path, ())))

    def _stop(self, state: State, at: float) -> None:
        """No fact says that a node which waited, or was never reached, was cancelled with its run: the end of the run does."""
        for ns in state.nodes.values():
            if ns.status == "cancelled" and not (node := self._projector.node(ns.path)).settled:
                node.status, node.ended_at, node.wait = "cancelled", at, None

    @property
    def paused(self) -> bool:
        return self._projector.view.paused

    def number(self, version: int | None) -> None:
        """Under which its flow was saved: facts do not say it."""
        self._projector.view.version = version

    def running(self, path: str, at: float) -> None:
        """An attempt was seen to begin: no fact says so."""
        node = self._projector.node(path)
        if not node.settled:
            node.started_at = node.started_at or at

    def view(self) -> RunView:
        """As it stands after the last fact."""
        view, state = self._projector.view, self._state
        if state is None or view.ended:
            return view
        view.status = state.status
        for ns in state.nodes.values():
            if ns.status != "pending":
                _enrich(self._projector.node(ns.path), ns, state)
        for path, child in self._children.items():
            _enrich_call(self._projector.node(path), child)
        if self._only_children_wait(state):
            view.status = "waiting"
        return view

    def _only_children_wait(self, state: State) -> bool:
        """As the host has it: a run whose every outstanding command is a child that waits, waits itself."""
        if not state.todo or state.retrying or state.agenda:
            return False
        children = [self._children.get(each.path) for each in state.todo.values() if isinstance(each, StartChild)]
        return len(children) == len(state.todo) and all(
            child is not None and child.view().status == "waiting" for child in children
        )

    def waits(self) -> list[Wait]:
        """What the run waits for, in the order in which its nodes were reached; what its children ask in their place."""
        view = self.view()
        nodes = sorted(view.nodes.values(), key=lambda node: node.seq)
        waits = [node.wait for node in nodes if node.wait is not None and not node.settled]
        asked = [each for wait in waits for each in (wait.waits or (wait,))]
        return [*asked, *self._own_waits()]

    def turns(self) -> list[Wait]:
        """Which of them are for a turn in a session."""
        return [wait for wait in self.waits() if wait.kind == "session"]

    def _own_waits(self) -> Iterable[Wait]:
        """What the run as a whole waits for."""
        state = self._state
        if state is None or state.ended is not None:
            return
        if state.paused:
            yield Wait("", "pause", RESUME)
        if state.over and state.held:
            yield Wait("", "budget", BUDGET, ask=_spent_up(state))

    # --- the runs that it called

    def calls(self) -> dict[str, str]:
        """The runs that it called and that have not ended, by the path of the node that called."""
        nodes = self._projector.view.nodes.values()
        return {node.path: node.child for node in nodes if node.child is not None and not node.settled}

    def adopt(self, path: str, child: "Follower") -> None:
        """From now on what the run that was called at the path asks is asked here too."""
        self._children[path] = child

    def addressee(self, name: str) -> "tuple[Follower, str]":
        """Of the run that a signal of this name is for, and its name there: `sub/ok` is `ok` of the run that `sub` called."""
        for path, child in self._children.items():
            if name.startswith(f"{path}/"):
                return child.addressee(name.removeprefix(f"{path}/"))
        return self, name

    def names_assignees(self, name: str) -> bool:
        """Whether an approval of this name, asked already or not, says who may answer it."""
        reached, inner = self.addressee(name)
        node = node_at(reached._flow, inner) if reached._flow is not None else None  # noqa: SLF001  of its own kind
        return node is not None and node.use == "approval" and "assignees" in node.with_

    @property
    def run(self) -> str:
        """Its run's id; "" before it has seen a fact."""
        return self._projector.view.id

    def caller(self, name: str) -> str | None:
        """The `call` node of this run that a name with a slash starts with, whether the run that it calls is open or not."""
        at = name.find("/")
        while at > 0:
            node = node_at(self._flow, name[:at]) if self._flow is not None else None
            if node is not None and node.use == "call":
                return name[:at]
            at = name.find("/", at + 1)
        return None


def follow(facts: Iterable[tuple[int, Fact]], flow: Flow | None, names: Mapping[str, str] | None = None) -> Follower:
    """A follower that has seen all of the facts."""
    follower = Follower(flow, names)
    for seq, fact in facts:
        follower.fold(seq, fact)
    return follower


def _enrich(node: NodeView, ns: NodeState, state: State) -> None:
    if node.settled:
        return
    node.status = ns.status
    node.input = ns.input if node.input is None else node.input
    node.attempts = max(node.attempts, ns.attempt if ns.status != "retrying" else 0)
    if ns.inner is not None:
        node.items = ns.node.max_turns if ns.inner.items is None else len(ns.inner.items)
    timer = state.timers.get(ns.path)
    if ns.status == "waiting":
        node.wait = _wait(ns, timer.due if timer else None)
    elif ns.status == "running":
        node.wait = _wait(ns, None) if ns.node.is_library and ns.awaits else None


def _enrich_call(node: NodeView, child: Follower) -> None:
    """The node waits as long as the run that it called does; what that run asks is asked even while it goes on."""
    if node.settled or node.child is None:
        return
    asked = tuple(_from_outside(node.path, wait) for wait in child.waits())
    waiting = child.view().status == "waiting"
    node.status = "waiting" if waiting else "running"
    node.wait = Wait(node.path, "run", run=node.child, waits=asked) if asked or waiting else None


def _spent_up(state: State) -> dict[str, Json]:
    """Of what nothing is left, as far as the run may spend it: how much was used, and the limit."""
    over = {unit: limit for unit, limit in state.limit.items() if state.usage.get(unit, 0) >= limit}
    return {
        "used": {unit: counted(unit, state.usage[unit]) for unit in over},
        "limit": {unit: counted(unit, limit) for unit, limit in over.items()},
    }


def _from_outside(path: str, wait: Wait) -> Wait:
    """What a child waits for, as its parent's names have it."""
    signal = None if wait.signal is None else f"{path}/{wait.signal}"
    return replace(wait, path=f"{path}/{wait.path}".rstrip("/"), signal=signal)


def _wait(ns: NodeState, due: float | None) -> Wait:
    if ns.node.use == "approval":
        return Wait(ns.path, "approval", ns.path, due, dict(ns.input or {}))
    if ns.node.is_library and ns.awaits is not None:
        return waits_of_node(ns.path, ns.awaits)
    signal = (ns.awaits or {}).get("signal")
    return Wait(ns.path, "signal" if signal else "time", signal, due)
