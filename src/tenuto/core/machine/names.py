"""What the names in an expression mean at a place of a run, and the evaluation of values there."""

from collections.abc import Mapping

from tenuto.core.durations import duration
from tenuto.core.expressions import ExpressionError, Value
from tenuto.core.machine.state import Json, NodeState, Scope, State
from tenuto.core.values import NOTHING, is_object

NO_NODES: Mapping[str, NodeState] = {}


def evaluate(state: State, scope: Scope, value: Value) -> Json:
    """The value there and now; NOTHING where it is a bare reference to a node without one."""
    references = value.references
    if not references:
        return value.evaluate(state.names)
    names: dict[str, Json] = {}
    nodes: dict[str, NodeState] | None = None
    for reference in references:
        name = reference.name
        if name not in names:
            names[name] = look_up(state, scope, name)
        if reference.error or reference.port:
            ns = node_named(scope, name)
            if ns is not None:
                nodes = nodes if nodes is not None else {}
                nodes[name] = ns
    return value.evaluate(names, NO_NODES if nodes is None else nodes)


def required(state: State, scope: Scope, value: Value, what: str) -> Json:
    """The value; an error where there is none."""
    result = evaluate(state, scope, value)
    if result is NOTHING:
        name = value.references[0].name if value.references else what
        raise ExpressionError(
            "no_value", f"`{name}` has no value here", 0, f"write `${{{name} ?? null}}` if it may be missing"
        )
    return result


def output_of(state: State, scope: Scope) -> Json:
    """The `output` of a body whose nodes have settled; what has no value is null there."""
    value = scope.body.output
    if value is None:
        return None
    result = evaluate(state, scope, value)
    return None if result is NOTHING else result


def bind(state: State, ns: NodeState) -> dict[str, Json]:
    """The input of a node that is due, with secrets still by name."""
    scope = ns.scope
    bound = {key: required(state, scope, value, key) for key, value in ns.node.with_.items()}
    origin = state.origin
    if origin is not None:
        edited = origin.edits.get(f"{ns.path}.input")
        if is_object(edited):
            bound.update(edited)
    return bound


def seconds(state: State, scope: Scope, value: Value, what: str) -> float:
    """A duration, as text (`10s`) or a number of seconds."""
    result = required(state, scope, value, what)
    span = duration(result)
    if span is None:
        raise ExpressionError("type", f"`{what}` is {result!r}, which is not a duration", 0, "write `10s`, `5m`, `1h`")
    return span


def look_up(state: State, scope: Scope | None, name: str) -> Json:
    while scope is not None:
        ns = scope.nodes.get(name)
        if ns is not None:
            return value_of(ns)
        if name in scope.locals:
            return scope.locals[name]
        scope = scope.parent
    return state.names.get(name, NOTHING)


def value_of(ns: NodeState) -> Json:
    port = ns.port
    return NOTHING if port is None or port == "error" else ns.output


def node_named(scope: Scope | None, name: str) -> NodeState | None:
    while scope is not None:
        ns = scope.nodes.get(name)
        if ns is not None:
            return ns
        if name in scope.locals:
            return None
        scope = scope.parent
    return None
