"""Values on their way out of an expression: as JSON, and as text inside a string.

What an expression built is walked once, which measures it; what it merely passes on is not touched.
"""

import json
from base64 import b64encode
from typing import Final

from tenuto.core.expressions.errors import ExpressionError, wrong_type
from tenuto.core.expressions.kinds import BoolKey, Cel, Duration, Timestamp, TypeName, Uint, kind_of, spoken
from tenuto.core.expressions.moments import write_duration, write_timestamp
from tenuto.core.expressions.operators import integer
from tenuto.core.expressions.scope import MAX_VALUE, Scope
from tenuto.core.values import MAX_DEPTH

PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def leave(scope: Scope, value: Cel) -> Cel:
    """The value as JSON: times as text, bytes as base64, unsigned integers as integers, keys as text."""
    kind = kind_of(value)
    if kind in PLAIN:
        return value
    if kind is list or kind is dict:
        return _Walk(scope).container(value, 0)
    return _foreign(value)


def text_of(scope: Scope, value: Cel) -> str:
    """The value inside a text: a string as it is, anything else as JSON."""
    value = leave(scope, value)
    return value if kind_of(value) is str else json_text(scope, value)


def json_text(scope: Scope, value: Cel) -> str:
    """Compact JSON of a value that has been measured on leaving; keys in their order, Unicode as it is."""
    try:
        text = plain_json(value)
    except ValueError:  # a host that did not look let NaN in
        raise ExpressionError("not_finite", "the value holds a number that is not finite") from None
    scope.build(2 * len(text))
    return text


def plain_json(value: Cel) -> str:
    """Compact JSON."""
    return _ENCODER.encode(value)


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _foreign(value: Cel) -> Cel:
    kind = kind_of(value)
    if kind is Uint:
        return integer(int(value))
    if kind is Timestamp:
        return write_timestamp(value)
    if kind is Duration:
        return write_duration(value)
    if kind is bytes:
        return b64encode(value).decode()
    if kind is TypeName:
        return value.name
    raise wrong_type(f"{spoken(value)} is not JSON")


class _Walk:
    """One pass over a value: counts its size, copies only what has to change."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._size = 0

    def container(self, value: Cel, depth: int) -> Cel:
        if depth >= MAX_DEPTH:
            raise ExpressionError("depth", f"the value is nested deeper than {MAX_DEPTH} levels")
        self._scope.spend(12 + len(value) + (len(value) >> 1))
        out = self._list(value, depth) if kind_of(value) is list else self._map(value, depth)
        if self._size > MAX_VALUE:
            raise ExpressionError("size", f"the value is larger than {MAX_VALUE:,} characters of JSON")
        return out

    def _list(self, value: list[Cel], depth: int) -> list[Cel]:
        size = 2 + 2 * len(value)
        out = value
        for index, member in enumerate(value):
            kind = kind_of(member)
            if kind is str:
                size += len(member)
            elif kind not in PLAIN:
                new = self.container(member, depth + 1) if kind in _CONTAINERS else _foreign(member)
                if new is not member:
                    out = list(value) if out is value else out
                    out[index] = new
        self._size += size
        return out

    def _map(self, value: dict[Cel, Cel], depth: int) -> dict[Cel, Cel]:
        size = 2 + 2 * len(value)
        out: dict[Cel, Cel] = {}
        for key, member in value.items():
            name = key if kind_of(key) is str else _key_text(key)
            size += len(name)
            kind = kind_of(member)
            if kind is str:
                size += len(member)
                out[name] = member
            elif kind in PLAIN:
                out[name] = member
            else:
                out[name] = self.container(member, depth + 1) if kind in _CONTAINERS else _foreign(member)
        self._size += size
        if len(out) != len(value):
            raise wrong_type("two keys of the map are the same text in JSON")
        return out


_CONTAINERS: Final = frozenset({list, dict})


def _key_text(key: Cel) -> str:
    return str(key.value).lower() if kind_of(key) is BoolKey else str(int(key))
