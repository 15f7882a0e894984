"""The types of values inside an expression: JSON's own, and the few of CEL that JSON lacks.

JSON values are the Python ones. A map is a `dict`; since Python takes `True` and `1` for the same key, a bool stands
in a map as a `BoolKey`. The foreign ones never leave an expression (see `output`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, TypeAlias, cast

from tenuto.core.values import INT_MAX

# A value inside an expression. Python's type language cannot say it without a cast at every use.
Cel: TypeAlias = Any

# `type`, said so that the type checker does not narrow `Any` to lists and maps of unknown things.
kind_of: Final = cast("Callable[[object], type[object]]", type)

UINT_MAX: Final = 2 * INT_MAX + 1


class Uint(int):
    """CEL's unsigned 64-bit integer."""

    __slots__ = ()


@dataclass(slots=True, frozen=True, order=True)
class Timestamp:
    """A moment, in nanoseconds since 1970 in UTC."""

    nanos: int


@dataclass(slots=True, frozen=True, order=True)
class Duration:
    """A length of time, in nanoseconds."""

    nanos: int


@dataclass(slots=True, frozen=True)
class TypeName:
    """What `type(x)` gives."""

    name: str


class BoolKey(Enum):
    """A bool as the key of a map."""

    FALSE = False
    TRUE = True


_NAMES: Final[dict[type[object], str]] = {
    int: "int",
    Uint: "uint",
    float: "double",
    bool: "bool",
    str: "string",
    bytes: "bytes",
    type(None): "null_type",
    list: "list",
    dict: "map",
    Timestamp: "google.protobuf.Timestamp",
    Duration: "google.protobuf.Duration",
    TypeName: "type",
}

TYPES: Final[dict[str, TypeName]] = {name: TypeName(name) for name in _NAMES.values()}

NUMBERS: Final = frozenset({int, Uint, float})
INTEGERS: Final = frozenset({int, Uint})

_SPOKEN: Final = {
    "null_type": "null",
    "google.protobuf.Timestamp": "timestamp",
    "google.protobuf.Duration": "duration",
}


def type_name(value: Cel) -> str:
    """The type as CEL writes it."""
    return _NAMES.get(kind_of(value), "unknown")


def spoken(value: Cel) -> str:
    """The type as messages say it."""
    name = type_name(value)
    return _SPOKEN.get(name, name)
