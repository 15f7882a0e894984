"""`decide`: what follows from a thing that happened. It makes facts, folds each in as it goes, and never raises.

An input gives at most a fact or two of its own; all else follows from the agenda that the fold leaves.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tenuto.core import events, inputs
from tenuto.core.commands import CancelNode, Command, RunNode, StartChild
from tenuto.core.machine.agenda import WHOLE, Facts, Moment, drain, record
from tenuto.core.machine.refusal import refusal
from tenuto.core.machine.retries import failure
from tenuto.core.machine.signals import waits_of
from tenuto.core.machine.state import Error, Json, NodeState, State


def decide(state: State, what: inputs.Input, most: int = WHOLE) -> Facts:
    """The facts that follow, folded in already; none if the input no longer applies.

    `most`: about how many at a time. While `state.agenda` holds something there are more, and `proceed` gives them; until
    then nothing else is decided and no command taken.
    """
    facts: Facts = []
    if state.phase == "ended":
        return facts
    INPUTS[type(what)](state, what, facts)
    _drain(state, what, facts, most)
    return facts


def proceed(state: State, what: inputs.Input, most: int = WHOLE) -> Facts:
    """More of what follows from the input that was decided last."""
    facts: Facts = []
    _drain(state, what, facts, most)
    return facts


def _drain(state: State, what: inputs.Input, facts: Facts, most: int) -> None:
    drain(state, Moment(what.at, getattr(what, "jitter", 0.0)), facts, most)


def take(state: State) -> list[Command]:
    """The commands that became due since the last take and still are."""
    fresh, state.outbox = state.outbox, []
    return state.still(fresh)


def todo(state: State) -> list[Command]:
    """All commands that are outstanding."""
    return [*state.todo.values(), *state.timers.values()]


# --- the run


def _queue(state: State, what: inputs.Queue, facts: Facts) -> None:
    if state.phase == "new":
        record(state, _beginning(state, events.RunQueued, what.at), facts)


def _start(state: State, what: inputs.Start, facts: Facts) -> None:
    if state.phase in ("new", "queued") and not state.cancel_requested:
        record(state, _beginning(state, events.RunStarted, what.at), facts)


def _beginning(state: State, kind: type[events.RunQueued], at: float) -> events.RunQueued:
    about, flow = state.about, state.flow
    return kind(
        at=at,
        run=about.run,
        name=about.name,
        flow=flow.name,
        document=flow.hash,
        input=about.input,
        vars=dict(about.vars),
        trigger=None if about.trigger is None else dict(about.trigger),
        tenant=about.tenant,
        stage=about.stage,
        parent=about.parent,
        depth=about.depth,
        origin=None if about.origin is None else dict(about.origin),
        key_base=about.key_base,
    )


def _resume(state: State, what: inputs.Resume, facts: Facts) -> None:
    drain(state, Moment(what.at), facts)
    if any(isinstance(command, RunNode) for command in state.todo.values()):
        record(state, events.RunResumed(at=what.at, epoch=what.epoch, clean=what.clean), facts)


def _wake(state: State, what: inputs.Wake, facts: Facts) -> None:
    """Draining the agenda, which follows, is all there is to it."""


def _cancel(state: State, what: inputs.Cancel, facts: Facts) -> None:
    if state.cancel_requested:
        return
    record(state, events.CancelRequested(at=what.at, by=what.by, reason=what.reason), facts)


# --- nodes


def _answers(state: State, path: str, attempt: int) -> NodeState | None:
    """The library node whose attempt is being answered, if that is still open."""
    command = state.todo.get(path)
    ns = state.nodes.get(path)
    if (
        ns is None
        or not ns.node.is_library
        or not isinstance(command, RunNode | CancelNode)
        or command.attempt != attempt
    ):
        return None
    return ns


def _unborn(state: State, path: str, attempt: int) -> NodeState | None:
    """The `call` whose child could not be started: there is no such flow, or it does not take the input."""
    command, ns = state.todo.get(path), state.nodes.get(path)
    if ns is None or ns.started or not isinstance(command, StartChild | CancelNode):
        return None
    return ns if command.run is not None and command.attempt == attempt else None


def _starting(state: State, what: inputs.Starting, facts: Facts) -> None:
    ns = _answers(state, what.path, what.attempt)
    if ns is not None and not ns.started and isinstance(state.todo[what.path], RunNode):
        record(state, events.NodeStarted(at=what.at, path=what.path, attempt=what.attempt, input=ns.input), facts)


def _succeeded(state: State, what: inputs.Succeeded, facts: Facts) -> None:
    ns = _answers(state, what.path, what.attempt)
    if ns is None:
        return
    fact = events.NodeSucceeded(
        what.at, what.path, what.port, what.output, what.attempt, what.started_at, ns.input, what.usage
    )
    record(state, fact, facts)


def _failed(state: State, what: inputs.Failed, facts: Facts) -> None:
    ns = _answers(state, what.path, what.attempt) or _unborn(state, what.path, what.attempt)
    if ns is None:
        return
    if what.kind == "cancelled" and (ns.started or ns.open_step is not None):
        doubt = inputs.Doubt(what.at, what.path, what.attempt, "stopped in the middle", ns.open_step)
        _doubt(state, doubt, facts)
        return
    error: Error = {"type": what.kind, "message": what.message, "node": what.path, "attempts": what.attempt}
    record(state, failure(ns, error, what), facts)


def _doubt(state: State, what: inputs.Doubt, facts: Facts) -> None:
    if _answers(state, what.path, what.attempt) is not None:
        record(state, events.NodeUnknown(what.at, what.path, what.attempt, what.step, what.reason), facts)


def _suspended(state: State, what: inputs.Suspended, facts: Facts) -> None:
    ns = _answers(state, what.path, what.attempt)
    if ns is None:
        return
    if ns.scope.ending is not None:
        error = {"type": "cancelled", "message": "stopped", "node": what.path, "attempts": what.attempt}
        record(state, events.NodeFailed(what.at, what.path, error, what.attempt, input=ns.input), facts)
        return
    awaits = _dated(ns, what.awaits, what.at)
    if "also" in what.awaits:
        awaits["also"] = [_dated(ns, each, what.at) for each in what.awaits["also"]]
    record(state, events.NodeSuspended(what.at, what.path, what.attempt, awaits, ns.input), facts)


def _dated(ns: NodeState, wait: dict[str, Json], at: float) -> dict[str, Json]:
    """One wait with the moment at which it ends. What is waited for already stays as it was asked."""
    name = (wait["key"], wait["signal"])
    known = next((each for each in waits_of(ns) if (each.get("key"), each.get("signal")) == name), None)
    dated = {key: value for key, value in (known or wait).items() if key not in ("seconds", "also")}
    seconds = wait.get("seconds")
    if known is None and isinstance(seconds, int | float):
        dated["due"] = at + seconds
    return dated


# --- steps


def _step_starting(state: State, what: inputs.StepStarting, facts: Facts) -> None:
    ns = _answers(state, what.path, what.attempt)
    if ns is not None and what.key not in (ns.steps or {}):
        record(state, events.StepStarted(what.at, what.path, what.key, what.input_hash), facts)


def _step_done(state: State, what: inputs.StepDone, facts: Facts) -> None:
    ns = _answers(state, what.path, what.attempt)
    if ns is None or what.key in (ns.steps or {}):
        return
    fact = events.StepRecorded(
        what.at, what.path, what.key, what.input_hash, what.output, what.usage, started_at=what.started_at
    )
    record(state, fact, facts)


def _step_mismatch(state: State, what: inputs.StepMismatch, facts: Facts) -> None:
    ns = _answers(state, what.path, what.attempt)
    if ns is not None and what.key in (ns.steps or {}):
        record(state, events.StepsDropped(what.at, what.path, what.key), facts)


# --- signals, time, children


def _signal(state: State, what: inputs.Signal, facts: Facts) -> None:
    if refusal(state, what) is None and not (what.key is not None and what.key in state.signal_keys):
        record(state, events.SignalReceived(what.at, what.name, what.payload, what.by, what.key), facts)


def _timer_due(state: State, what: inputs.TimerDue, facts: Facts) -> None:
    timer = state.timers.get(what.path)
    if timer is not None and what.at >= timer.due:
        record(state, events.TimerFired(what.at, what.path), facts)


def _child(state: State, path: str, run: str) -> NodeState | None:
    command, ns = state.todo.get(path), state.nodes.get(path)
    return ns if isinstance(command, StartChild | CancelNode) and command.run == run else None


def _child_begun(state: State, what: inputs.ChildBegun, facts: Facts) -> None:
    ns = _child(state, what.path, what.run)
    if ns is not None and not ns.started:
        record(state, events.ChildStarted(what.at, what.path, what.run, what.version, ns.attempt), facts)


def _child_ended(state: State, what: inputs.ChildEnded, facts: Facts) -> None:
    ns = _child(state, what.path, what.run)
    if ns is not None:
        fact = events.ChildFinished(what.at, what.path, what.run, what.status, what.output, what.error, what.usage)
        record(state, fact, facts)


INPUTS: Final[Mapping[type, Callable[[State, Any, Facts], None]]] = {
    inputs.Queue: _queue,
    inputs.Start: _start,
    inputs.Resume: _resume,
    inputs.Wake: _wake,
    inputs.Starting: _starting,
    inputs.Succeeded: _succeeded,
    inputs.Failed: _failed,
    inputs.Doubt: _doubt,
    inputs.Suspended: _suspended,
    inputs.StepStarting: _step_starting,
    inputs.StepDone: _step_done,
    inputs.StepMismatch: _step_mismatch,
    inputs.Signal: _signal,
    inputs.TimerDue: _timer_due,
    inputs.ChildBegun: _child_begun,
    inputs.ChildEnded: _child_ended,
    inputs.Cancel: _cancel,
}
