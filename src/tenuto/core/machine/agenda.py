"""The agenda: what the fold has left to be recorded, turned into facts until nothing is left.

A node whose verdict is known, a scope that is empty, a timer of the run. One function a verdict.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tenuto.core import events, inputs
from tenuto.core.machine.evolve import evolve
from tenuto.core.machine.names import seconds
from tenuto.core.machine.retries import failure
from tenuto.core.machine.signals import approval_output
from tenuto.core.machine.state import FINALLY_TIMER, Error, Json, NodeState, Scope, State

Facts = list[events.Fact]
WHOLE: Final = 2**62  # more facts than anything causes


@dataclass(slots=True)
class Moment:
    """When it is, and the host's die."""

    at: float
    jitter: float = 0.0


def record(state: State, fact: events.Fact, facts: Facts) -> None:
    evolve(state, fact)
    facts.append(fact)


def drain(state: State, now: Moment, facts: Facts, most: int = WHOLE) -> None:
    """Until nothing is left, or `facts` are so many."""
    agenda = state.agenda
    while agenda and len(facts) < most:
        due = agenda.popleft()
        if isinstance(due, NodeState):
            _give_verdict(state, due, now, facts)
        elif isinstance(due, Scope):
            _close(state, due, now.at, facts)
        else:
            _set_run_timer(state, due, now.at, facts)
    if state.over and state.held and not state.over_recorded:
        record(state, events.BudgetExceeded(now.at, dict(state.usage), dict(state.limit)), facts)


def _set_run_timer(state: State, path: str, at: float, facts: Facts) -> None:
    if path in state.timers:
        return  # a replay has seen it set
    if path == FINALLY_TIMER:
        if state.finally_ is not None and state.finally_.live and state.finally_.ending is None:
            record(state, events.TimerSet(at, path, at + state.flow.finally_timeout), facts)
    elif state.flow.timeout is not None and state.root.live and state.root.ending is None:
        limit = seconds(state, state.root, state.flow.timeout, "timeout")
        started = at if state.started_at is None else state.started_at
        record(state, events.TimerSet(at, path, started + limit), facts)


def _close(state: State, scope: Scope, at: float, facts: Facts) -> None:
    """A scope whose nodes have all settled gives its outcome."""
    owner = scope.owner
    if owner is None:
        if state.outcome is not None:
            record(state, _ending(at, *state.outcome), facts)
    elif owner.inner is not None and owner.inner.scopes.get(scope.index) is scope:
        failed = scope.ending == "failed"
        output, error = (None, scope.error) if failed else (scope.output, None)
        record(state, events.ItemDone(at, owner.path, scope.index, output, error), facts)


def _ending(at: float, status: str, output: Json, error: Error | None) -> events.Fact:
    if status == "succeeded":
        return events.RunSucceeded(at, output)
    return (events.RunCancelled if status == "cancelled" else events.RunFailed)(at, error or {})


def _give_verdict(state: State, ns: NodeState, now: Moment, facts: Facts) -> None:
    verdict = ns.verdict
    if verdict is None:
        return
    for fact in VERDICTS[verdict.kind](ns, verdict.data, now):
        record(state, fact, facts)
    if ns.verdict is verdict:
        ns.verdict = None


def _skip(ns: NodeState, _data: Json, now: Moment) -> Iterable[events.Fact]:
    yield events.NodeSkipped(now.at, ns.path)


def _succeed(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    port, output = data
    yield events.NodeSucceeded(now.at, ns.path, port, output, ns.attempt, input=ns.input)


def _fail(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    kind, message = data
    error = {"type": kind, "message": message, "node": ns.path, "attempts": ns.attempt}
    yield events.NodeFailed(now.at, ns.path, error, ns.attempt, input=ns.input)


def _fail_with(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    yield events.NodeFailed(now.at, ns.path, data, ns.attempt)


def _timer(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    kind, amount = data
    yield events.TimerSet(now.at, ns.path, now.at + amount if kind == "in" else amount)


def _answer(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    seq, payload, by, _ = data
    if ns.node.use == "approval":
        port, output = approval_output(data)
        yield events.NodeSucceeded(now.at, ns.path, port, output, input=ns.input, signal=seq)
    elif ns.node.use == "wait":
        yield events.NodeSucceeded(now.at, ns.path, "done", payload, input=ns.input, signal=seq)
    else:
        yield _woken(ns, _key(ns), {"signal": payload, "by": by}, now.at, seq)


def _overslept(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    for key in data or [_key(ns)]:
        if key in (ns.steps or {}):
            continue
        yield _woken(ns, key, {"timeout": True}, now.at, None)


def _key(ns: NodeState) -> str:
    return "" if ns.awaits is None else str(ns.awaits.get("key", ""))


def _woken(ns: NodeState, key: str, output: Json, at: float, signal: int | None) -> events.Fact:
    """What a suspended node waited for stands among its steps when it runs again."""
    return events.StepRecorded(at, ns.path, key, "", output, signal=signal)


def _reuse(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    origin, port, output = data
    yield events.NodeReused(now.at, ns.path, origin, port, output, ns.input)


def _inherit(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    for key, (input_hash, output) in data.items():
        if key not in (ns.steps or {}):
            yield events.StepRecorded(now.at, ns.path, key, input_hash, output)


def _unknown(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    yield events.NodeUnknown(now.at, ns.path, ns.attempt, data, "the process ended in the middle")


def _step_decided(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    key, output = data
    yield events.StepRecorded(now.at, ns.path, key, "", output)


def _child_outcome(ns: NodeState, data: Json, now: Moment) -> Iterable[events.Fact]:
    timed_out = None if ns.awaits is None else ns.awaits.get("timed_out")
    if data["status"] == "succeeded" and timed_out is None:
        yield events.NodeSucceeded(now.at, ns.path, "done", data["output"], ns.attempt, input=ns.input)
        return
    error = timed_out or _child_error(ns, data)
    failed = inputs.Failed(now.at, ns.path, ns.attempt, error["type"], error["message"], jitter=now.jitter)
    yield failure(ns, error, failed)


def _child_error(ns: NodeState, data: Json) -> Error:
    error: Error = data["error"] or {}
    inside = error.get("node")
    return {
        "type": error.get("type", data["status"]),
        "message": error.get("message", f"the called flow was {data['status']}"),
        "node": f"{ns.path}/{inside}" if inside else ns.path,
        "attempts": ns.attempt,
    }


VERDICTS: Final[Mapping[str, Callable[[NodeState, Json, Moment], Iterable[events.Fact]]]] = {
    "skip": _skip,
    "succeed": _succeed,
    "fail": _fail,
    "fail_with": _fail_with,
    "timer": _timer,
    "answer": _answer,
    "overslept": _overslept,
    "reuse": _reuse,
    "inherit": _inherit,
    "doubt": _unknown,
    "step": _step_decided,
    "child": _child_outcome,
}
