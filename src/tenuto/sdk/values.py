"""What a node returns, made JSON at the edge; and what it is given, made its own.

`to_json` converts what Python authors return (models, dataclasses, dates, enums, tuples ...) and refuses, in a sentence
that names the place, what no journal can keep. Its answer shares nothing with what it was given, so that a node may go
on changing its own objects.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any, Final, cast

from tenuto.core.values import INT_MAX, INT_MIN, MAX_DEPTH, NotJson, canonical
from tenuto.sdk.errors import NodeError

MAX_BYTES: Final = 10 * 1024 * 1024  # of JSON text
_ESCAPED: Final = 6  # the most bytes that one character takes in JSON text
_CERTAINLY: Final = 2 * MAX_BYTES  # of the rough count, which takes a number of one digit for as much as four
_SHOWN: Final = 60
kind_of: Callable[[object], type] = type


def to_json(value: Any, what: str = "output") -> Any:
    """The JSON of what a node returned. `NodeError` of type `output` or `too_large`, never retried, if there is none."""
    kind = kind_of(value)
    if value is None or kind is bool or (kind is int and INT_MIN <= value <= INT_MAX):
        return value
    walk = _Walk()
    try:
        made = walk.value(value, 0)
    except _Refused as error:
        raise NodeError(f"{error.place(what)} {error.why}", type="output", retry=False) from None
    except _TooLarge as error:
        raise _large(what, error.size, "at least ") from None
    if walk.size * _ESCAPED > MAX_BYTES:
        refuse_large(made, what)
    return made


def refuse_large(value: Any, what: str) -> None:
    """`NodeError` of type `too_large` if the value takes more than 10 MB as JSON text."""
    size = len(canonical(value).encode())
    if size > MAX_BYTES:
        raise _large(what, size)


def _large(what: str, size: int, least: str = "") -> NodeError:
    limit = f"more than the {MAX_BYTES // 1048576} MB a value may have"
    message = f"{what} is {least}{size / 1048576:.1f} MB of JSON, {limit}; keep it with ctx.files.put and return the reference"
    return NodeError(message, type="too_large", retry=False)


def own(value: Any) -> Any:
    """A JSON value whose lists and objects are nobody else's."""
    if type(value) is dict:
        return {key: own(member) for key, member in cast("dict[str, Any]", value).items()}
    if type(value) is list:
        return [own(member) for member in cast("list[Any]", value)]
    return value


class _Refused(Exception):
    """What is wrong, and the way to it, which is put together on the way out: paths cost nothing where all is well."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
        self.way: list[str] = []

    def place(self, what: str) -> str:
        place = what + "".join(reversed(self.way))
        return place if len(place) <= _SHOWN else f"{place[:_SHOWN]}..."


class _TooLarge(Exception):
    """Certainly so: no use in going on, since whoever else is on the loop waits meanwhile."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class _Walk:
    """One pass over a value: converts, checks, copies, and counts roughly how many characters its JSON has."""

    __slots__ = ("size",)

    def __init__(self) -> None:
        self.size = 0

    def value(self, value: Any, depth: int) -> Any:
        kind = kind_of(value)
        if kind is str:
            return self._text(value)
        self.size += 4
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if INT_MIN <= value <= INT_MAX else _refuse_int()
        if kind is float:
            return value if math.isfinite(value) else _refuse_float(value)
        if depth >= MAX_DEPTH:
            raise _Refused(f"is nested deeper than {MAX_DEPTH} levels, or contains itself")
        if kind is dict:
            return self._dict(value, depth + 1)
        if kind is list:
            return self._list(value, depth + 1)
        return self._other(value, depth + 1)

    def _text(self, value: str) -> str:
        self.size += len(value) + 2
        if self.size > _CERTAINLY or len(value) > MAX_BYTES:
            raise _TooLarge(max(self.size // 2, len(value)))
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise _Refused(f"holds half a surrogate pair at {error.start}") from None
        return value

    def _list(self, value: list[Any], depth: int) -> list[Any]:
        made: list[Any] = []
        try:
            for member in value:
                made.append(self.value(member, depth))  # noqa: PERF401  `made` says how far it came
        except _Refused as error:
            error.way.append(f"[{len(made)}]")
            raise
        return made

    def _dict(self, value: dict[Any, Any], depth: int) -> dict[str, Any]:
        made: dict[str, Any] = {}
        name: str | None = None
        try:
            for key, member in value.items():
                name = None
                name = self._text(key if kind_of(key) is str else _key(key))
                made[name] = self.value(member, depth)
        except _Refused as error:
            if name is not None:
                error.way.append(f".{name}")
            raise
        return made

    def _other(self, value: Any, depth: int) -> Any:
        from tenuto.sdk.convert import step_towards_json  # most outputs are plain and never come here

        try:
            nearer = step_towards_json(value)
        except NotJson as error:
            raise _Refused(str(error)) from None
        return self.value(nearer, depth)


def _refuse_int() -> Any:
    raise _Refused("is an integer outside 64 bits; return it as text")


def _refuse_float(value: float) -> Any:
    raise _Refused(f"is {value}, which JSON cannot say; return null or text")


def _key(key: Any) -> str:
    if isinstance(key, str):  # a `StrEnum`, say
        return str(key.value) if isinstance(key, Enum) else str(key)
    raise _Refused(f"has the key {key!r:.{_SHOWN}}, which is not text")
