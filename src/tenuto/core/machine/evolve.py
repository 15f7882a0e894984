"""The fold: one fact changes the state, and whatever follows from it without a fact of its own follows at once.

Used by `decide` for the facts it has just made and by every replay for those of a journal; there is no other way in
which a state changes.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tenuto.core import events
from tenuto.core.machine import inner_facts, node_facts, outside_facts, run_facts
from tenuto.core.machine.ready import ready
from tenuto.core.machine.state import RUN_TIMER, NodeState, Scope, State


def evolve(state: State, fact: events.Fact) -> None:
    """Fold one fact."""
    state.seq += 1
    state.at = fact.at
    FOLD[fact.type](state, fact)
    ripe = state.ripe
    while ripe:
        ready(state, ripe.popleft())
    agenda = state.agenda
    while agenda and _is_past(state, agenda[0]):
        agenda.popleft()


def _is_past(state: State, due: NodeState | Scope | str) -> bool:
    """Whether the facts have it already: so it is in a replay, where nobody drains the agenda."""
    if isinstance(due, NodeState):
        return due.verdict is None
    if isinstance(due, Scope):
        return due.owner is not None and (due.owner.inner is None or due.owner.inner.scopes.get(due.index) is not due)
    scope = state.root if due == RUN_TIMER else state.finally_
    return due in state.timers or scope is None or scope.ending is not None or not scope.live


FOLD: Final[Mapping[str, Callable[[State, Any], None]]] = {
    "run.queued": run_facts.run_queued,
    "run.started": run_facts.run_started,
    "run.resumed": run_facts.run_resumed,
    "node.started": node_facts.node_started,
    "step.started": node_facts.step_started,
    "step.recorded": node_facts.step_recorded,
    "steps.dropped": node_facts.steps_dropped,
    "node.succeeded": node_facts.node_succeeded,
    "node.failed": node_facts.node_failed,
    "node.retrying": node_facts.node_retrying,
    "node.suspended": node_facts.node_suspended,
    "node.unknown": node_facts.node_unknown,
    "node.skipped": node_facts.node_skipped,
    "node.reused": node_facts.node_reused,
    "item.done": inner_facts.item_done,
    "signal.received": outside_facts.signal_received,
    "timer.set": outside_facts.timer_set,
    "timer.fired": outside_facts.timer_fired,
    "child.started": inner_facts.child_started,
    "child.finished": inner_facts.child_finished,
    "budget.exceeded": run_facts.budget_exceeded,
    "cancel.requested": run_facts.cancel_requested,
    "run.succeeded": run_facts.run_ended,
    "run.failed": run_facts.run_ended,
    "run.cancelled": run_facts.run_ended,
}
