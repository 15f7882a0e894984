"""A state as JSON and back: a snapshot and the facts after it equal the full replay.

Two states are the same if their snapshots are; what is already settled in the agenda is left out of both.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, cast

from tenuto.core.commands import CancelNode, Finish, RunNode, SetTimer, StartChild
from tenuto.core.flow.model import Flow
from tenuto.core.machine.state import About, Container, NodeState, Origin, Scope, State, Verdict
from tenuto.core.values import NOTHING, Secret, SecretText, is_list, is_object

Json = Any

VERSION: Final = 1

# Fields that go into a snapshot as they are, where they differ from their first value.
_STATE: Final = (
    "seq", "phase", "started_at", "ended", "usage", "limit", "over", "over_recorded", "paused", "retrying", "cancel_requested",
    "resumes", "signal_counts",
)  # fmt: skip
_SCOPE: Final = ("ending", "error", "live", "locals")
_NODE: Final = (
    "status", "unmet", "port", "error", "attempt", "wake", "open_step", "started", "awaits", "doubt",
)  # fmt: skip
_CONTAINER: Final = ("items", "value", "limit", "results", "errors", "next", "done", "stopping")
_COMMANDS: Final = {kind.__name__: kind for kind in (RunNode, StartChild, CancelNode, Finish)}


def snapshot(state: State) -> dict[str, Json]:
    """Everything there is to a state, as JSON."""
    return {
        "version": VERSION,
        "about": _pack(_fields(state.about)),
        **{name: _pack(getattr(state, name)) for name in _STATE},
        "outcome": None if state.outcome is None else list(state.outcome),
        "root": _scope(state.root),
        "finally": None if state.finally_ is None else _scope(state.finally_),
        "todo": {path: [type(command).__name__, _command(command)] for path, command in state.todo.items()},
        "timers": {path: timer.due for path, timer in state.timers.items()},
        "signals": {name: [list(signal) for signal in kept] for name, kept in state.signals.items()},
        "signal_keys": sorted(state.signal_keys),
        "waiters": {name: [ns.path for ns in waiting] for name, waiting in state.waiters.items()},
        "held": [ns.path for ns in state.held if ns.status in ("running", "pending")],
        "agenda": _agenda(state),
    }


def _agenda(state: State) -> list[Json]:
    entries: list[Json] = []
    for due in state.agenda:
        if isinstance(due, str):
            entry: Json = ["timer", due]
        elif isinstance(due, Scope):
            entry = ["scope", due.kind, due.owner.path if due.owner else None, due.index]
        elif due.verdict is None:
            continue
        else:
            entry = ["node", due.path]
        if entry not in entries:
            entries.append(entry)
    return entries


def _scope(scope: Scope) -> dict[str, Json]:
    packed = {name: _pack(getattr(scope, name)) for name in _SCOPE}
    if scope.output is not NOTHING:
        packed["output"] = scope.output
    packed["nodes"] = {ns.node.id: _node(ns) for ns in scope.nodes.values()}
    return packed


def _node(ns: NodeState) -> dict[str, Json]:
    packed = {name: _pack(getattr(ns, name)) for name in _NODE}
    if ns.output is not NOTHING:
        packed["output"] = ns.output
    packed["input"] = _pack(ns.input)
    # A list: their order says which are later, and not every keeper of JSON keeps the order of an object.
    packed["steps"] = None if ns.steps is None else [[key, *step] for key, step in ns.steps.items()]
    packed["once_steps"] = None if ns.once_steps is None else sorted(ns.once_steps)
    packed["met"] = None if ns.met is None else sorted(ns.met)
    packed["open_any"] = None if ns.open_any is None else {str(need): left for need, left in ns.open_any.items()}
    packed["verdict"] = None if ns.verdict is None else [ns.verdict.kind, _pack(ns.verdict.data)]
    if ns.inner is not None:
        packed["inner"] = {name: _pack(getattr(ns.inner, name)) for name in _CONTAINER}
        packed["inner"]["scopes"] = {str(index): _scope(scope) for index, scope in ns.inner.scopes.items()}
    return packed


def _command(command: RunNode | StartChild | CancelNode | Finish) -> Json:
    # The steps of a node stand with the node.
    return {name: _pack(value) for name, value in _fields(command).items() if name != "steps"}


def _fields(thing: About | RunNode | StartChild | CancelNode | Finish) -> dict[str, Json]:
    return {field.name: getattr(thing, field.name) for field in fields(thing)}


def _pack(value: Json) -> Json:
    """JSON in which secrets and look-alikes of their marks are told apart."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Secret):
        return {"$secret": value.name}
    if isinstance(value, SecretText):
        return {"$text": [_pack(part) for part in value.parts]}
    if is_object(value):
        members = {key: _pack(member) for key, member in value.items()}
        return {"$is": members} if any(key.startswith("$") for key in members) else members
    if isinstance(value, tuple):
        return [_pack(member) for member in cast("tuple[Json, ...]", value)]
    return [_pack(member) for member in value] if is_list(value) else value


def _unpack(value: Json) -> Json:
    if is_list(value):
        return [_unpack(member) for member in value]
    if not is_object(value):
        return value
    if "$secret" in value:
        return Secret(value["$secret"])
    if "$text" in value:
        return SecretText(tuple(_unpack(part) for part in value["$text"]))
    return {key: _unpack(member) for key, member in dict(value.get("$is", value)).items()}


def restore(flow: Flow, data: Mapping[str, Json], origin: Origin | None = None) -> State:
    """The state that a snapshot was taken of. All outstanding commands are in `todo`, none in `take`."""
    state = State(flow, About(**_unpack(data["about"])), origin)
    for name in _STATE:
        if name in data:  # an earlier program may not have known it
            setattr(state, name, _unpack(data[name]))
    state.outcome = None if data["outcome"] is None else tuple(data["outcome"])
    _restore_names(state)
    _restore_scope(state, state.root, data["root"])
    if data["finally"] is not None and flow.finally_ is not None:
        state.finally_ = Scope("finally", flow.finally_, parent=state.root)
        _restore_scope(state, state.finally_, data["finally"])
    for path, (kind, packed) in data["todo"].items():
        state.todo[path] = _COMMANDS[kind](**_unpack(packed))
    state.timers = {path: SetTimer(path, due) for path, due in data["timers"].items()}
    state.signals = {name: deque(tuple(signal) for signal in kept) for name, kept in data["signals"].items()}
    state.signal_keys = set(data["signal_keys"])
    state.waiters = {name: deque(state.nodes[path] for path in paths) for name, paths in data["waiters"].items()}
    state.held = [state.nodes[path] for path in data["held"]]
    state.agenda = deque(_due(state, entry) for entry in data["agenda"])
    _share(state)
    return state


def _restore_names(state: State) -> None:
    if state.phase == "open" and state.started_at is not None:
        state.names = state.about.names(state.started_at)


def _restore_scope(state: State, scope: Scope, data: Mapping[str, Json]) -> None:
    for name in _SCOPE:
        setattr(scope, name, _unpack(data[name]))
    scope.output = data.get("output", NOTHING)
    for node in scope.body.nodes.values():
        if node.id in data["nodes"]:
            ns = NodeState(node, scope)
            scope.nodes[node.id] = ns
            state.nodes[ns.path] = ns
            _restore_node(state, ns, data["nodes"][node.id])


def _restore_node(state: State, ns: NodeState, data: Mapping[str, Json]) -> None:
    for name in _NODE:
        setattr(ns, name, _unpack(data[name]))
    ns.output = data.get("output", NOTHING)
    ns.input = _unpack(data["input"])
    steps, once, met, open_any = data["steps"], data["once_steps"], data["met"], data["open_any"]
    ns.steps = None if steps is None else {key: (input_hash, output) for key, input_hash, output in steps}
    ns.once_steps = None if once is None else set(once)
    ns.met = None if met is None else set(met)
    ns.open_any = None if open_any is None else {int(need): left for need, left in open_any.items()}
    ns.verdict = None if data["verdict"] is None else Verdict(data["verdict"][0], _unpack(data["verdict"][1]))
    if "inner" in data:
        _restore_container(state, ns, data["inner"])


def _restore_container(state: State, ns: NodeState, data: Mapping[str, Json]) -> None:
    inner = ns.inner = Container(None, None, 1)
    for name in _CONTAINER:
        setattr(inner, name, _unpack(data[name]))
    assert ns.node.body is not None
    kind = "turn" if inner.items is None else "item"
    for index, packed in sorted(data["scopes"].items(), key=lambda entry: int(entry[0])):
        scope = Scope(kind, ns.node.body, parent=ns.scope, owner=ns, index=int(index))
        inner.scopes[scope.index] = scope
        _restore_scope(state, scope, packed)


def _due(state: State, entry: Json) -> NodeState | Scope | str:
    kind, *where = entry
    if kind == "timer":
        return where[0]
    if kind == "node":
        return state.nodes[where[0]]
    scope_kind, owner, index = where
    if owner is not None:
        inner = state.nodes[owner].inner
        assert inner is not None
        return inner.scopes[index]
    return state.finally_ if scope_kind == "finally" and state.finally_ is not None else state.root


def _share(state: State) -> None:
    """A due node's command shows the steps that the node has."""
    for path, command in state.todo.items():
        ns = state.nodes.get(path)
        if isinstance(command, RunNode) and ns is not None and ns.steps is not None:
            command.steps = ns.steps
