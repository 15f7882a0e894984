"""Folds of the facts about the run as a whole."""

from typing import Final

from tenuto.core import events
from tenuto.core.commands import Finish, RunNode
from tenuto.core.expressions import ExpressionError, Value
from tenuto.core.machine.names import seconds
from tenuto.core.machine.scopes import (
    end_scope,
    open_scope,
)
from tenuto.core.machine.state import RUN_TIMER, NodeState, State, about_of
from tenuto.core.machine.table import RUN

POISON: Final = 3  # resumes in a row without a new result


def run_queued(state: State, fact: events.RunQueued) -> None:
    assert RUN["new"][fact.type] == "queued"
    state.phase = "queued"


def run_started(state: State, fact: events.RunStarted) -> None:
    state.phase = "open"
    state.started_at = fact.at
    state.names = about_of(fact).names(fact.at)
    open_scope(state, state.root)
    if state.flow.timeout is not None:
        _limit_run(state, state.flow.timeout)


def _limit_run(state: State, timeout: Value) -> None:
    try:
        seconds(state, state.root, timeout, "timeout")
    except ExpressionError as error:
        fail_run(state, "expression", str(error))
    else:
        state.agenda.appendleft(RUN_TIMER)


def run_resumed(state: State, fact: events.RunResumed) -> None:
    for ns in _in_doubt(state):
        state.judge(ns, "doubt", ns.open_step)
    if fact.clean:
        return
    state.resumes += 1
    if state.resumes >= POISON:
        fail_run(state, "poison", _poison(state))


def _poison(state: State) -> str:
    """Which nodes ran when the process died is what somebody has to know: one of them may have ended it."""
    running = [path for path, command in state.todo.items() if isinstance(command, RunNode)]
    what = f"; each time the process ended while {', '.join(running[:3])} ran" if running else ""
    return f"resumed {POISON} times in a row without a new result{what}"


def _in_doubt(state: State) -> list[NodeState]:
    """Nodes that ran when the last owner died, and may not simply run again."""
    found: list[NodeState] = []
    for path, command in list(state.todo.items()):
        ns = state.nodes.get(path)
        if isinstance(command, RunNode) and ns is not None and (ns.started or ns.open_step is not None):
            found.append(ns)
    return found


def fail_run(state: State, kind: str, message: str) -> None:
    scope = state.finally_ or state.root
    if scope is state.root and scope.ending is None:
        scope.error = {"type": kind, "message": message, "node": None, "attempts": 1}
    end_scope(state, scope, "failed")


def budget_exceeded(state: State, _fact: events.BudgetExceeded) -> None:
    state.over_recorded = True


def cancel_requested(state: State, fact: events.CancelRequested) -> None:
    state.cancel_requested = True
    if state.outcome is not None or state.root.ending is not None:
        return
    message = fact.reason or (f"cancelled by {fact.by}" if fact.by else "cancelled")
    state.root.error = {"type": "cancelled", "message": message, "node": None, "attempts": 1}
    if state.phase == "open":
        end_scope(state, state.root, "cancelled")
    else:  # queued: nothing runs, and `finally` has nothing to clean up
        state.outcome = ("cancelled", None, state.root.error)
        state.agenda.append(state.root)


def run_ended(state: State, fact: events.RunSucceeded | events.RunFailed | events.RunCancelled) -> None:
    state.ended = fact.type.partition(".")[2]
    output = fact.output if isinstance(fact, events.RunSucceeded) else None
    error = None if isinstance(fact, events.RunSucceeded) else fact.error
    state.outcome = (state.ended, output, error)
    state.phase = "ended"
    for holder in (state.todo, state.timers, state.agenda, state.ripe, state.waiters, state.signals, state.held):
        holder.clear()
    state.outbox.clear()
    state.put("", Finish(state.ended, output, error))
