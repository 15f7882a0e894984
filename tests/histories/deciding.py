"""What a node of the reference evaluator does when it is due: pure, from what it sees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tenuto.core.expressions import ExpressionError, Value
from tenuto.core.values import NOTHING

from .tree import Json, Rec, Scope, View

Seen = tuple[dict[str, Json], dict[str, View]]


@dataclass
class Decision:
    """`kind`: skip, fail, succeed, reuse, finish, wait, open (a container) or launch."""

    kind: str
    port: str = "done"
    output: Json = None
    error: dict[str, Json] = field(default_factory=dict)
    awaits: str | None = None
    timer: bool = False
    over: list[Json] = field(default_factory=list)
    concurrency: int = 1
    bound: dict[str, Json] = field(default_factory=dict)

    @property
    def settles(self) -> bool:
        return self.kind in {"skip", "fail", "succeed", "reuse", "finish"}


class Wrong(Exception):
    """The node fails, with this type of error."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def names_for(given: Mapping[str, Json], scopes: Sequence[Scope]) -> Seen:
    """What expressions in the innermost of these scopes can name: inner names hide outer ones (2)."""
    names: dict[str, Json] = dict(given)
    views: dict[str, View] = {}
    for scope in scopes:
        names.update(scope.names)
        for name, rec in scope.recs.items():
            names[name] = rec.output if rec.status in {"succeeded", "reused"} else NOTHING  # 7
            views[name] = View(rec.port if rec.settled else None, rec.error if rec.settled else None)
    return names, views


def evaluate(value: Value, seen: Seen, *, nothing_is_null: bool = False) -> tuple[Json, str | None]:
    """The value, or the type of the error."""
    try:
        found = value.evaluate(*seen)
    except ExpressionError:
        return None, "expression"
    if found is NOTHING:
        return (None, None) if nothing_is_null else (None, "expression")
    return found, None


def decide_node(rec: Rec) -> Decision:
    assert rec.seen is not None
    try:
        return _decide(rec, rec.seen)
    except Wrong as wrong:
        return Decision("fail", error=_error(rec, wrong.kind))


def _error(rec: Rec, kind: str) -> dict[str, Json]:
    return {"type": kind, "node": rec.path, "attempts": rec.attempt}


def _decide(rec: Rec, seen: Seen) -> Decision:
    node = rec.node
    if node.when is not None and not _boolean(_value(node.when, seen)):
        return Decision("skip")
    if node.use == "map":
        return _open_map(rec, seen)
    if node.use == "loop":
        carry = None if node.carry is None else _value(node.carry, seen)
        return Decision("open", output=carry, timer=node.timeout is not None)
    if node.use == "switch":
        return _switch(rec, seen)
    if node.use == "finish":
        output, error = evaluate(node.with_["output"], seen, nothing_is_null=True) if node.with_ else (None, None)
        return Decision("fail", error=_error(rec, error)) if error else Decision("finish", output=output)
    bound = {name: _value(value, seen) for name, value in node.with_.items()}
    timeout = None if node.timeout is None else _value(node.timeout, seen)
    match node.use:
        case "set":
            return Decision("succeed", output=bound.get("value"))
        case "if":
            chosen = _boolean(bound["condition"])
            return Decision("succeed", port="true" if chosen else "false", output=chosen)
        case "fail":
            raise Wrong(str(bound.get("type") or "failed"))
        case "wait":
            signal, timer = _text_or_none(bound.get("signal")), _timed(bound, timeout)
            return Decision("wait", awaits=signal, timer=timer, bound=bound)
        case "approval":
            return Decision("wait", awaits=rec.path, timer=timeout is not None, bound=bound)
        case _:
            return Decision("launch", bound=bound)


def _value(value: Value, seen: Seen) -> Json:
    found, error = evaluate(value, seen)
    if error is not None:
        raise Wrong(error)
    return found


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise Wrong("expression")
    return value


def _text_or_none(value: Json) -> str | None:
    return None if value is None else str(value)


def _timed(bound: Mapping[str, Json], timeout: Json) -> bool:
    return "for" in bound or "until" in bound or timeout is not None


def _open_map(rec: Rec, seen: Seen) -> Decision:
    assert rec.node.over is not None
    over = _value(rec.node.over, seen)
    limit = 10 if rec.node.concurrency is None else _value(rec.node.concurrency, seen)
    if not isinstance(over, list) or not isinstance(limit, int) or limit < 1:
        raise Wrong("expression")
    if len(over) > rec.node.max_items:
        raise Wrong("input")
    return Decision("open", over=over, concurrency=limit, timer=rec.node.timeout is not None)


def _switch(rec: Rec, seen: Seen) -> Decision:
    node = rec.node
    value = _value(node.with_["value"], seen) if "value" in node.with_ else None
    for name, condition in node.conditions:
        if _boolean(_value(condition, seen)):
            return Decision("succeed", port=name, output=value)
    port = value if isinstance(value, str) and value in node.cases and not node.conditions else "default"
    return Decision("succeed", port=port, output=value)


def until_holds(rec: Rec, seen: Seen, index: int, value: Json) -> bool | dict[str, Json]:
    """18: asked after the turn, of what the turn sees and the output just made. A dict is the error."""
    if rec.node.until is None:
        return False
    names, views = seen
    found, error = evaluate(rec.node.until, ({**names, "turn": {"value": value, "index": index}}, views))
    if error is None and isinstance(found, bool):
        return found
    return {"type": "expression", "node": rec.path, "attempts": rec.attempt}
