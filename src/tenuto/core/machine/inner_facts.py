"""Folds of the facts about what runs inside a node: items of a map, turns of a loop, child runs."""

from tenuto.core import events
from tenuto.core.commands import StartChild
from tenuto.core.expressions import ExpressionError
from tenuto.core.machine.names import required
from tenuto.core.machine.node_facts import progress, spend
from tenuto.core.machine.ready import map_output
from tenuto.core.machine.scopes import (
    close_inner,
    collects,
    open_next,
    stop_container,
)
from tenuto.core.machine.state import NodeState, Scope, State


def item_done(state: State, fact: events.ItemDone) -> None:
    ns = progress(state, fact.path)
    inner = ns.inner
    assert inner is not None
    scope = inner.scopes[fact.index]
    close_inner(state, inner, fact.index)
    inner.done += 1
    if fact.error is not None and not collects(ns):
        stop_container(state, ns, fact.error)
    elif inner.items is None:
        _turn_done(state, ns, scope, fact)
    else:
        _map_item_done(state, ns, fact)


def _map_item_done(state: State, ns: NodeState, fact: events.ItemDone) -> None:
    inner = ns.inner
    assert inner is not None
    assert inner.items is not None
    if fact.error is None:
        inner.results[fact.index] = fact.output
    else:
        inner.errors.append({"index": fact.index, **fact.error})
    if inner.done == len(inner.items):
        state.judge(ns, "succeed", ("done", map_output(ns)))
    else:
        open_next(state, ns)


def _turn_done(state: State, ns: NodeState, turn: Scope, fact: events.ItemDone) -> None:
    inner = ns.inner
    assert inner is not None
    inner.value = fact.output
    try:
        if _until(state, ns, turn, fact):
            state.judge(ns, "succeed", ("done", fact.output))
        elif inner.done >= ns.node.max_turns:
            state.judge(ns, "succeed", ("exhausted", fact.output))
        else:
            open_next(state, ns)
    except ExpressionError as error:
        state.judge(ns, "fail", ("expression", str(error)))


def _until(state: State, ns: NodeState, turn: Scope, fact: events.ItemDone) -> bool:
    """Asked after each turn, with the output just made as `turn.value`; it may read the turn's nodes too."""
    until = ns.node.until
    if until is None:
        return False
    turn.locals = {"turn": {"value": fact.output, "index": fact.index}}
    answer = required(state, turn, until, "until")
    if not isinstance(answer, bool):
        raise ExpressionError("type", "`until` is not true or false", 0, "")
    return answer


def child_started(state: State, fact: events.ChildStarted) -> None:
    """Starting the child again is harmless, so the command stays due until it has ended, now with the version it has."""
    state.nodes[fact.path].started = True
    command = state.todo.get(fact.path)
    if isinstance(command, StartChild):
        command.version = fact.version


def child_finished(state: State, fact: events.ChildFinished) -> None:
    ns = progress(state, fact.path)
    spend(state, fact.usage)
    state.judge(ns, "child", {"status": fact.status, "output": fact.output, "error": fact.error})
