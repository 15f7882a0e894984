"""Folds of the facts about nodes and their steps."""

from collections.abc import Mapping

from tenuto.core import events
from tenuto.core.commands import RunNode
from tenuto.core.machine import signals
from tenuto.core.machine.origin import drop_steps
from tenuto.core.machine.ready import launch
from tenuto.core.machine.scopes import (
    conclude,
    end_scope,
    fail_scope,
    forget_wait,
    mark,
    tell,
)
from tenuto.core.machine.state import Json, NodeState, State


def spend(state: State, usage: Mapping[str, float] | None) -> None:
    if not usage:
        return
    for key, amount in usage.items():
        state.usage[key] = state.usage.get(key, 0) + amount
    state.over = any(state.usage.get(key, 0) >= limit for key, limit in state.limit.items())


def progress(state: State, path: str) -> NodeState:
    """A new result: the run is not poisoned."""
    state.resumes = 0
    return state.nodes[path]


def node_started(state: State, fact: events.NodeStarted) -> None:
    ns = state.nodes[fact.path]
    ns.started = True
    command = state.todo.get(fact.path)
    if isinstance(command, RunNode):
        command.started = True


def node_succeeded(state: State, fact: events.NodeSucceeded) -> None:
    ns = progress(state, fact.path)
    spend(state, fact.usage)
    _succeed(state, ns, fact.type, fact.port, fact.output)


def _succeed(state: State, ns: NodeState, cause: str, port: str, output: Json) -> None:
    forget_wait(state, ns)
    mark(state, ns, cause, port, output)
    if ns.node.use == "finish" and ns.scope.ending is None:
        ns.scope.output = output
        end_scope(state, ns.scope, "finish")
    tell(state, ns)


def node_reused(state: State, fact: events.NodeReused) -> None:
    _succeed(state, state.nodes[fact.path], fact.type, fact.port, fact.output)


def node_failed(state: State, fact: events.NodeFailed) -> None:
    ns = progress(state, fact.path)
    spend(state, fact.usage)
    forget_wait(state, ns)
    scope, node, error = ns.scope, ns.node, fact.error
    if scope.ending is not None:
        cancelled = error["type"] == "cancelled"
        conclude(state, ns, "stopped" if cancelled else fact.type, None, error=error)
    elif node.on_error == "continue":
        conclude(state, ns, "heard", "error" if node.handled else None, error=error)
    elif node.handled or scope.kind == "finally":
        conclude(state, ns, fact.type, "error" if node.handled else None, error=error)
    else:
        mark(state, ns, fact.type, None, error=error)
        fail_scope(state, ns, error)
        tell(state, ns)


def node_retrying(state: State, fact: events.NodeRetrying) -> None:
    ns = progress(state, fact.path)
    spend(state, fact.usage)
    ns.move(fact.type)
    state.retrying += 1
    forget_wait(state, ns)
    ns.started = False
    ns.open_step = ns.verdict = ns.awaits = None
    if fact.fresh:
        ns.steps = ns.once_steps = None
    state.todo.pop(fact.path, None)
    state.set_timer(fact.path, fact.due)


def node_suspended(state: State, fact: events.NodeSuspended) -> None:
    ns = progress(state, fact.path)
    ns.move(fact.type)
    ns.started = False
    forget_wait(state, ns)
    asked = [fact.awaits, *fact.awaits.get("also", ())]
    open_ = [wait for wait in asked if wait.get("key") not in (ns.steps or {})]
    signals.set_waits(ns, open_)
    state.todo.pop(fact.path, None)
    if len(open_) < len(asked):  # an answer came while it still ran
        _wake(state, ns)
    elif due := [wait["due"] for wait in open_ if isinstance(wait.get("due"), int | float)]:
        state.set_timer(fact.path, min(due))
    signals.await_signal(state, ns)


def node_unknown(state: State, fact: events.NodeUnknown) -> None:
    ns = state.nodes[fact.path]
    forget_wait(state, ns)
    ns.verdict = ns.awaits = None
    ns.doubt = fact.step or ""
    state.todo.pop(fact.path, None)
    ns.move(fact.type)
    if ns.scope.ending is not None:
        conclude(state, ns, "stopped", None)


def node_skipped(state: State, fact: events.NodeSkipped) -> None:
    conclude(state, state.nodes[fact.path], fact.type, None)


# --- steps


def step_started(state: State, fact: events.StepStarted) -> None:
    ns = state.nodes[fact.path]
    ns.open_step = fact.key
    ns.once_steps = (ns.once_steps or set()) | {fact.key}


def step_recorded(state: State, fact: events.StepRecorded) -> None:
    ns = progress(state, fact.path)
    spend(state, fact.usage)
    if ns.steps is None:
        ns.steps = {}
    ns.steps[fact.key] = (fact.input_hash, fact.output)
    if ns.open_step == fact.key:
        ns.open_step = None
    signals.answered(state, ns, fact.key)
    if ns.status == "waiting":
        _wake(state, ns)
    elif ns.status == "unknown":
        again(state, ns)
    elif ns.status == "pending" and ns.verdict is not None and ns.verdict.kind == "inherit":
        inherited = ns.verdict.data
        if all(key in ns.steps for key in inherited):
            ns.verdict = None
            ns.move("ready")
            launch(state, ns)
    else:
        command = state.todo.get(fact.path)
        if isinstance(command, RunNode):
            command.steps = ns.steps


def _wake(state: State, ns: NodeState) -> None:
    """It runs again. What else it waits for may be answered meanwhile."""
    state.timers.pop(ns.path, None)
    ns.wake += 1
    ns.move("due")
    launch(state, ns)


def again(state: State, ns: NodeState) -> None:
    """A person decided that a node in doubt goes on."""
    ns.doubt = ns.open_step = ns.verdict = None
    ns.started = False
    ns.wake += 1
    ns.move("due")
    launch(state, ns)


def steps_dropped(state: State, fact: events.StepsDropped) -> None:
    ns = state.nodes[fact.path]
    forget_wait(state, ns)
    ns.awaits = None
    dropped = drop_steps(ns.steps or {}, fact.key)
    if ns.once_steps and not ns.once_steps.isdisjoint(dropped):
        state.judge(ns, "doubt", fact.key)
