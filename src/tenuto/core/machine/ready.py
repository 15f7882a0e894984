"""What becomes of a node whose needs hold: one function a structure node, one for the library.

Each either does what needs no fact (a command is due, a body opens, the node waits) or leaves a verdict for `decide`.
Evaluating happens here, inside the fold, at the fact that made the node ready; so a replay evaluates the same names at
the same point and comes to the same answer.
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Final

from tenuto.core.commands import RunNode, StartChild
from tenuto.core.durations import parse_timestamp
from tenuto.core.expressions import ExpressionError
from tenuto.core.machine import origin, signals
from tenuto.core.machine.names import bind, evaluate, required, seconds
from tenuto.core.machine.scopes import open_next
from tenuto.core.machine.state import Container, Json, NodeState, State
from tenuto.core.values import NOTHING, is_list

MAX_DEPTH: Final = 16
DEFAULT_CONCURRENCY: Final = 10

KINDS: Final = (
    (bool, "a boolean"), (int, "a number"), (float, "a number"), (str, "text"), (list, "a list"), (dict, "an object"),
)  # fmt: skip


def ready(state: State, ns: NodeState) -> None:
    """Look at a node whose needs hold."""
    if ns.status != "pending" or ns.scope.ending is not None or ns.verdict is not None:
        return
    if state.paused and not ns.scope.is_final:
        state.held.append(ns)
        return
    try:
        if _wanted(state, ns) and not origin.edited(state, ns):
            STRUCTURE.get(ns.node.use, _work)(state, ns)
    except ExpressionError as error:
        _judge_error(state, ns, error)


def _wanted(state: State, ns: NodeState) -> bool:
    when = ns.node.when
    if when is None:
        return True
    wanted = required(state, ns.scope, when, "when")
    if not isinstance(wanted, bool):
        raise ExpressionError("type", f"`when` is {_kind(wanted)}, not true or false", 0, "")
    if not wanted:
        state.judge(ns, "skip")
    return wanted


def _judge_error(state: State, ns: NodeState, error: ExpressionError) -> None:
    state.judge(ns, "fail", ("expression", str(error)))


def _kind(value: Json) -> str:
    for kind, name in KINDS:
        if isinstance(value, kind):
            return name
    return "null"


# --- nodes that settle at once


def _set(state: State, ns: NodeState) -> None:
    ns.input = {}
    state.judge(ns, "succeed", ("done", required(state, ns.scope, ns.node.with_["value"], "value")))


def _if(state: State, ns: NodeState) -> None:
    condition = required(state, ns.scope, ns.node.with_["condition"], "condition")
    if not isinstance(condition, bool):
        raise ExpressionError("type", f"`condition` is {_kind(condition)}, not true or false", 0, "")
    state.judge(ns, "succeed", ("true" if condition else "false", condition))


def _switch(state: State, ns: NodeState) -> None:
    node = ns.node
    value = required(state, ns.scope, node.with_["value"], "value") if "value" in node.with_ else None
    port = _matching_case(state, ns) if node.conditions else value
    state.judge(ns, "succeed", (port if isinstance(port, str) and port in node.cases else "default", value))


def _matching_case(state: State, ns: NodeState) -> str | None:
    for name, condition in ns.node.conditions:
        holds = required(state, ns.scope, condition, f"cases.{name}")
        if not isinstance(holds, bool):
            raise ExpressionError("type", f"case `{name}` is {_kind(holds)}, not true or false", 0, "")
        if holds:
            return name
    return None


def _finish(state: State, ns: NodeState) -> None:
    value = ns.node.with_.get("output")
    output = None if value is None else evaluate(state, ns.scope, value)
    state.judge(ns, "succeed", ("done", None if output is NOTHING else output))


def _fail(state: State, ns: NodeState) -> None:
    bound = bind(state, ns)
    kind, message = bound.get("type", "fail"), bound.get("message", "the flow said so")
    state.judge(
        ns, "fail", (kind if isinstance(kind, str) else "fail", message if isinstance(message, str) else str(message))
    )


# --- nodes that wait


def _wait(state: State, ns: NodeState) -> None:
    bound = ns.input = bind(state, ns)
    if origin.offer(state, ns):
        return
    ns.move("waits")
    if "signal" in bound:
        ns.awaits = {"signal": _text(bound["signal"], "signal")}
        _set_timeout(state, ns)
        signals.await_signal(state, ns)
    elif "for" in bound:
        state.judge(ns, "timer", ("in", seconds(state, ns.scope, ns.node.with_["for"], "for")))
    else:
        state.judge(ns, "timer", ("at", _time(bound["until"])))


def _time(value: Json) -> float:
    time = parse_timestamp(value) if isinstance(value, str) else value
    if not isinstance(time, int | float) or isinstance(time, bool):
        raise ExpressionError("type", f"`until` is {value!r}, which is not a time", 0, "write 2030-01-31T09:00:00Z")
    return float(time)


def _text(value: Json, what: str) -> str:
    if not isinstance(value, str) or not value:
        raise ExpressionError("type", f"`{what}` is {_kind(value)}, not a name", 0, "")
    return value


def _approval(state: State, ns: NodeState) -> None:
    ns.input = bind(state, ns)
    if origin.offer(state, ns):
        return
    ns.move("waits")
    ns.awaits = {"signal": ns.path}
    _set_timeout(state, ns)
    signals.await_signal(state, ns)


def _set_timeout(state: State, ns: NodeState) -> None:
    if ns.node.timeout is not None:
        state.judge(ns, "timer", ("in", seconds(state, ns.scope, ns.node.timeout, "timeout")))


# --- containers


def _map(state: State, ns: NodeState) -> None:
    node = ns.node
    assert node.over is not None
    items = required(state, ns.scope, node.over, "over")
    if not is_list(items):
        raise ExpressionError("type", f"`over` is {_kind(items)}, not a list", 0, "")
    if len(items) > node.max_items:
        message = f"`over` has {len(items)} items, more than {node.max_items}"
        state.judge(ns, "fail", ("too_many_items", f"{message} (raise `max_items` to allow it)"))
        return
    limit = (
        DEFAULT_CONCURRENCY if node.concurrency is None else required(state, ns.scope, node.concurrency, "concurrency")
    )
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
        raise ExpressionError("type", f"`concurrency` is {limit!r}, not a number from 1", 0, "")
    _open(state, ns, Container(items, None, limit))
    if not items:
        state.judge(ns, "succeed", ("done", map_output(ns)))


def map_output(ns: NodeState) -> Json:
    inner = ns.inner
    assert inner is not None
    if ns.node.on_error != "collect":
        return inner.results
    return {"items": inner.results, "errors": sorted(inner.errors, key=lambda error: error["index"])}


def _loop(state: State, ns: NodeState) -> None:
    carry = ns.node.carry
    _open(state, ns, Container(None, None if carry is None else required(state, ns.scope, carry, "carry"), 1))


def _open(state: State, ns: NodeState, inner: Container) -> None:
    _set_timeout(state, ns)
    ns.move("ready")
    ns.inner = inner
    if inner.items is None or inner.items:
        open_next(state, ns)


# --- work: library nodes and children


def _work(state: State, ns: NodeState) -> None:
    ns.input = bind(state, ns)
    if not origin.offer(state, ns):
        ns.move("ready")
        launch(state, ns)


def release_held(state: State) -> None:
    """The budget was raised, or the pause is over."""
    held, state.held = state.held, []
    for ns in held:
        if ns.status == "running":
            launch(state, ns)
        else:
            state.ripe.append(ns)


def launch(state: State, ns: NodeState) -> None:
    """The node's (next) attempt is due, its input is bound. In a pause, or with its budget used up, it is held back."""
    if (state.over or state.paused) and not ns.scope.is_final:
        state.held.append(ns)
        return
    try:
        (_launch_child if ns.node.use == "call" else _launch_work)(state, ns)
    except ExpressionError as error:
        _judge_error(state, ns, error)


def _launch_work(state: State, ns: NodeState) -> None:
    node = ns.node
    timeout = None if node.timeout is None else seconds(state, ns.scope, node.timeout, "timeout")
    state.put(
        ns.path,
        RunNode(
            path=ns.path,
            use=node.use,
            input={} if ns.input is None else ns.input,
            attempt=ns.attempt,
            key=f"{state.about.key_base or state.about.run}/{ns.path}",
            wake=ns.wake,
            timeout=timeout,
            pool=node.pool,
            started=ns.started,
            steps={} if ns.steps is None else ns.steps,
        ),
    )


def _launch_child(state: State, ns: NodeState) -> None:
    bound, about = ns.input or {}, state.about
    if about.depth + 1 > MAX_DEPTH:
        state.judge(ns, "fail", ("too_deep", f"calls are nested deeper than {MAX_DEPTH}"))
        return
    flow, version = _text(bound.get("flow"), "flow"), bound.get("version")
    _set_timeout(state, ns)
    state.put(
        ns.path,
        StartChild(
            path=ns.path,
            run=child_id(about.run, ns.path, ns.attempt),
            flow=flow,
            version=None if version is None else str(version),
            input=bound.get("input"),
            attempt=ns.attempt,
            depth=about.depth + 1,
        ),
    )


def child_id(run: str, path: str, attempt: int) -> str:
    """The id of the run that a `call` starts: the same however often it is asked for."""
    return hashlib.sha256(f"{run}/{path}/{attempt}".encode()).hexdigest()[:32]


STRUCTURE: Final[Mapping[str, Callable[[State, NodeState], None]]] = {
    "set": _set,
    "if": _if,
    "switch": _switch,
    "finish": _finish,
    "fail": _fail,
    "wait": _wait,
    "approval": _approval,
    "map": _map,
    "loop": _loop,
}
