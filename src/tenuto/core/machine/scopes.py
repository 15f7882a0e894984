"""Scopes open, nodes in them settle, scopes end: the bookkeeping by which one fact leads to the next.

Nothing here evaluates the nodes themselves: a node whose needs hold is put on `state.ripe`, and the fold looks at it
before it returns.
"""

from collections.abc import Mapping
from typing import Literal

from tenuto.core.commands import CancelNode, RunNode, StartChild
from tenuto.core.expressions import ExpressionError
from tenuto.core.flow.model import Body
from tenuto.core.machine.names import output_of
from tenuto.core.machine.signals import waits_of
from tenuto.core.machine.state import FINALLY_TIMER, RUN_TIMER, Container, Ending, Error, Json, NodeState, Scope, State
from tenuto.core.machine.table import SETTLED
from tenuto.core.values import NOTHING


def open_scope(state: State, scope: Scope) -> None:
    for node in scope.body.nodes.values():
        ns = NodeState(node, scope)
        scope.nodes[node.id] = ns
        state.nodes[ns.path] = ns
        if not ns.unmet:
            state.ripe.append(ns)
    if not scope.live:
        emptied(state, scope)


def open_next(state: State, owner: NodeState) -> None:
    """Open items of a map as far as its concurrency allows, or the next turn of a loop."""
    inner, node = owner.inner, owner.node
    assert inner is not None
    assert node.body is not None
    if inner.items is None:
        names: dict[str, Json] = {"turn": {"value": inner.value, "index": inner.next}}
        _open_inner(
            state,
            inner,
            Scope("turn", node.body, parent=owner.scope, owner=owner, index=inner.next, names=names),
        )
        return
    while inner.next < len(inner.items) and len(inner.scopes) < inner.limit and inner.stopping is None:
        names = {node.item_name: inner.items[inner.next], "index": inner.next}
        _open_inner(
            state,
            inner,
            Scope("item", node.body, parent=owner.scope, owner=owner, index=inner.next, names=names),
        )


def _open_inner(state: State, inner: Container, scope: Scope) -> None:
    inner.scopes[scope.index] = scope
    inner.next += 1
    open_scope(state, scope)


def close_inner(state: State, inner: Container, index: int) -> None:
    """Let an item or a turn leave memory."""
    scope = inner.scopes.pop(index)
    for ns in scope.nodes.values():
        state.nodes.pop(ns.path, None)


def conclude(
    state: State, ns: NodeState, cause: str, port: str | None, output: Json = NOTHING, error: Error | None = None
) -> None:
    """The node has settled: tell those that wait for it, and its scope."""
    mark(state, ns, cause, port, output, error)
    tell(state, ns)


def mark(
    state: State, ns: NodeState, cause: str, port: str | None, output: Json = NOTHING, error: Error | None = None
) -> None:
    """The node has settled; nobody knows yet."""
    if ns.status == "retrying":
        state.retrying -= 1
    ns.move(cause)
    ns.port, ns.output, ns.error = port, output, error
    ns.verdict = ns.awaits = ns.steps = ns.inner = None
    state.todo.pop(ns.path, None)
    state.timers.pop(ns.path, None)


def tell(state: State, ns: NodeState) -> None:
    scope = ns.scope
    scope.live -= 1
    if scope.ending is None:
        for dependent, need in scope.body.dependents.get(ns.node.id, ()):
            _meet(state, scope.nodes[dependent], need, ns.node.id, ns.port)
    if not scope.live:
        emptied(state, scope)


def _meet(state: State, ns: NodeState, index: int, settled: str, port: str | None) -> None:
    """One node that `ns` waits for has settled: its need holds now, or can no longer hold, or stays open."""
    if ns.status != "pending" or ns.verdict is not None:
        return
    need = ns.node.needs[index]
    if need.kind == "settled":
        holds: bool | None = True
    elif need.kind == "single":
        holds = need.entries[0].holds(port)
    else:
        holds = _any_holds(ns, index, settled, port)
    if holds:
        ns.unmet -= 1
        if not ns.unmet:
            state.ripe.append(ns)
    elif holds is False:
        state.judge(ns, "skip")


def _any_holds(ns: NodeState, index: int, settled: str, port: str | None) -> bool | None:
    """True the first time one of the alternatives holds, False when the last one broke, None otherwise."""
    entries = ns.node.needs[index].entries
    if ns.met is not None and index in ns.met:
        return None
    mine = [entry for entry in entries if entry.node == settled]
    if any(entry.holds(port) for entry in mine):
        ns.met = (ns.met or set()) | {index}
        return True
    ns.open_any = ns.open_any or {}
    ns.open_any[index] = ns.open_any.get(index, len(entries)) - len(mine)
    return None if ns.open_any[index] else False


def emptied(state: State, scope: Scope) -> None:
    """All nodes of the scope have settled."""
    owner = scope.owner
    if owner is not None and owner.inner is not None and owner.inner.stopping is not None:
        close_inner(state, owner.inner, scope.index)
        if not owner.inner.scopes:
            stopped(state, owner)
        return
    if scope.kind != "finally" and scope.ending is None:
        try:
            scope.output = output_of(state, scope)
        except ExpressionError as error:
            scope.ending = "failed"
            where = f"{scope.prefix}output" if scope.prefix else "output"
            scope.error = {"type": "expression", "message": str(error), "node": where, "attempts": 1}
    if scope.kind == "run":
        state.timers.pop(RUN_TIMER, None)
        state.outcome = _outcome(scope)
        if state.flow.finally_ is not None:
            _open_finally(state, state.flow.finally_, state.outcome)
            return
    elif scope.kind == "finally":
        state.timers.pop(FINALLY_TIMER, None)
    state.agenda.append(scope)


def _outcome(root: Scope) -> tuple[str, Json, Error | None]:
    if root.ending == "cancelled":
        return "cancelled", None, root.error
    if root.ending == "failed":
        return "failed", None, root.error
    return "succeeded", root.output, None


def _open_finally(state: State, body: Body, outcome: tuple[str, Json, Error | None]) -> None:
    status, _, error = outcome
    run = dict(state.names["run"], status=status, error=error)
    state.finally_ = Scope("finally", body, parent=state.root, names={"run": run})
    state.agenda.append(FINALLY_TIMER)
    open_scope(state, state.finally_)


def end_scope(state: State, scope: Scope, reason: Ending) -> None:
    """The scope takes no new work: what waits is cancelled, what runs is asked to stop. The first reason stands."""
    if scope.ending is not None or not scope.live:
        return
    scope.ending = reason
    for ns in list(scope.nodes.values()):
        stop_node(state, ns)


def stop_node(state: State, ns: NodeState) -> None:
    if ns.status in SETTLED:
        return
    command = state.todo.get(ns.path)
    if ns.inner is not None:
        stop_container(state, ns, "cancelled")
    elif isinstance(command, RunNode):
        state.put(ns.path, CancelNode(ns.path, ns.attempt))
    elif isinstance(command, StartChild):
        state.put(ns.path, CancelNode(ns.path, ns.attempt, command.run))
    elif command is None:
        _stop_waiting(state, ns)


def _stop_waiting(state: State, ns: NodeState) -> None:
    forget_wait(state, ns)
    conclude(state, ns, "stopped", None, error=ns.error)


def forget_wait(state: State, ns: NodeState) -> None:
    """The node no longer waits for its signals."""
    for wait in waits_of(ns):
        forget_one(state, ns, wait)


def forget_one(state: State, ns: NodeState, wait: Mapping[str, Json]) -> None:
    waiting = state.waiters.get(str(wait.get("signal")))
    if waiting is not None and ns in waiting:
        waiting.remove(ns)


def stop_container(state: State, owner: NodeState, why: Error | Literal["cancelled"]) -> None:
    """End every open item or turn; when the last is empty, the container settles."""
    inner = owner.inner
    if inner is None or inner.stopping is not None:
        return
    inner.stopping = why
    for scope in list(inner.scopes.values()):
        if scope.live:
            end_scope(state, scope, "cancelled")
        else:
            close_inner(state, inner, scope.index)
    if not inner.scopes and owner.inner is inner:
        stopped(state, owner)


def stopped(state: State, owner: NodeState) -> None:
    """The last scope of a container that was being stopped is empty."""
    inner = owner.inner
    assert inner is not None
    if owner.scope.ending is not None or inner.stopping == "cancelled":
        conclude(state, owner, "stopped", None)
    else:
        state.judge(owner, "fail_with", inner.stopping)


def fail_scope(state: State, ns: NodeState, error: Error) -> None:
    """A failure that nobody handles: what it stands in fails."""
    scope = ns.scope
    scope.error = error
    owner = scope.owner
    if owner is not None and not collects(owner):
        stop_container(state, owner, error)
    else:
        end_scope(state, scope, "failed")


def collects(owner: NodeState) -> bool:
    return owner.node.use == "map" and owner.node.on_error == "collect"
