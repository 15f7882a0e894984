"""Folds of what comes from outside: signals, and the time."""

from collections.abc import Callable, Mapping
from typing import Final

from tenuto.core import events
from tenuto.core.commands import CancelNode, StartChild
from tenuto.core.machine import signals
from tenuto.core.machine.node_facts import again
from tenuto.core.machine.ready import launch, release_held
from tenuto.core.machine.run_facts import fail_run
from tenuto.core.machine.scopes import (
    end_scope,
    forget_one,
    forget_wait,
    stop_container,
)
from tenuto.core.machine.state import FINALLY_TIMER, RUN_TIMER, Json, NodeState, State


def signal_received(state: State, fact: events.SignalReceived) -> None:
    state.signal_counts[fact.name] = state.signal_counts.get(fact.name, 0) + 1
    if fact.key is not None:
        state.signal_keys.add(fact.key)
    to_run = _TO_RUN.get(fact.name)
    if to_run is not None:
        to_run(state, fact.payload)
        return
    ns = state.nodes.get(fact.name)
    if ns is not None and ns.status == "unknown":
        _decided(state, ns, fact.payload)
        return
    signals.keep(state, fact.name, (state.seq, fact.payload, fact.by, fact.at))


def _budget_signal(state: State, payload: Json) -> None:
    if payload.get("stop") is True:
        if state.outcome is None:  # else it has been decided, and `finally` is not cut
            fail_run(state, "budget", "stopped at its budget")
        return
    for key, amount in payload.get("add", {}).items():
        if key in state.limit:
            state.limit[key] += amount
    state.over = any(state.usage.get(key, 0) >= limit for key, limit in state.limit.items())
    if not state.over:
        state.over_recorded = False
        release_held(state)


def _pause(state: State, _payload: Json) -> None:
    """Nothing new starts; what runs goes on to its end, and times that come are recorded."""
    state.paused = True


def _resume(state: State, _payload: Json) -> None:
    if state.paused:
        state.paused = False
        release_held(state)


_TO_RUN: Final[Mapping[str, Callable[[State, Json], None]]] = {
    signals.BUDGET: _budget_signal,
    signals.PAUSE: _pause,
    signals.RESUME: _resume,
}


def _decided(state: State, ns: NodeState, payload: Json) -> None:
    decision = payload["decision"]
    if decision == "retry":
        ns.attempt += 1
        again(state, ns)
    elif decision == "fail":
        state.judge(ns, "fail", ("unknown", "in doubt, and a person decided that it failed"))
    elif ns.doubt:
        state.judge(ns, "step", (ns.doubt, payload.get("output")))
    else:
        state.judge(ns, "succeed", ("done", payload.get("output")))


def timer_set(state: State, fact: events.TimerSet) -> None:
    ns = state.nodes.get(fact.path)
    if ns is not None and ns.verdict is not None and ns.verdict.kind == "timer":
        ns.verdict = None
    state.set_timer(fact.path, fact.due)


def timer_fired(state: State, fact: events.TimerFired) -> None:
    state.timers.pop(fact.path, None)
    if fact.path == RUN_TIMER:
        fail_run(state, "timeout", "the run took longer than its `timeout`")
    elif fact.path == FINALLY_TIMER:
        if state.finally_ is not None:
            end_scope(state, state.finally_, "cancelled")
    else:
        _node_timer(state, state.nodes[fact.path])


def _node_timer(state: State, ns: NodeState) -> None:
    if ns.status == "retrying":
        state.retrying -= 1
        ns.attempt += 1
        ns.move("due")
        launch(state, ns)
    elif ns.inner is not None:
        stop_container(state, ns, _timeout_error(ns))
    elif ns.node.use == "call":
        _stop_child(state, ns)
    elif ns.node.is_library:
        _oversleep(state, ns)
    else:
        forget_wait(state, ns)
        timed = ns.node.use == "wait" and "signal" not in ns.node.with_
        state.judge(ns, "succeed", ("done" if timed else "timeout", None))


def _oversleep(state: State, ns: NodeState) -> None:
    """Nobody answered in time what it waits for, or some of it."""
    late = [wait for wait in signals.waits_of(ns) if "due" in wait and wait["due"] <= state.at]
    for wait in late:
        forget_one(state, ns, wait)
    state.judge(ns, "overslept", [wait["key"] for wait in late])


def _timeout_error(ns: NodeState) -> dict[str, Json]:
    return {"type": "timeout", "message": "took longer than its `timeout`", "node": ns.path, "attempts": ns.attempt}


def _stop_child(state: State, ns: NodeState) -> None:
    """The child is cancelled; when it has ended, the node fails with the timeout."""
    command = state.todo.get(ns.path)
    ns.awaits = {"timed_out": _timeout_error(ns)}
    if isinstance(command, StartChild):
        state.put(ns.path, CancelNode(ns.path, ns.attempt, command.run))
