"""From one type to another, and what type a value has."""

import math
import re
from collections.abc import Callable
from typing import Final

from tenuto.core.expressions.errors import ExpressionError, wrong_argument
from tenuto.core.expressions.functions.function import ANY, BYTES, NUMBER, TEXT, Function, Group
from tenuto.core.expressions.kinds import TYPES, Cel, Duration, Timestamp, Uint, kind_of, type_name
from tenuto.core.expressions.moments import (
    SECOND,
    checked_timestamp,
    read_duration,
    read_timestamp,
    write_duration,
    write_timestamp,
)
from tenuto.core.expressions.operators import finite, integer, unsigned
from tenuto.core.expressions.scope import Scope

_INTEGER: Final = re.compile(r"[ \t\r\n\f\v]{0,20}[+-]?[0-9]{1,40}[ \t\r\n\f\v]{0,20}")
_DOUBLE: Final = re.compile(
    r"[ \t\r\n\f\v]{0,20}[+-]?(?:[0-9]{1,400}\.?[0-9]{0,400}|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,5})?[ \t\r\n\f\v]{0,20}"
)
_TRUE: Final = frozenset({"true", "True", "TRUE", "t", "1"})
_FALSE: Final = frozenset({"false", "False", "FALSE", "f", "0"})


def _shown(text: str) -> str:
    return f"'{text}'" if len(text) <= 40 else f"'{text[:37]}…'"


def _digits(text: str, wanted: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise wrong_argument(f"{_shown(text)} is no {wanted}")
    return int(text)


def _int(_scope: Scope, value: Cel) -> int:
    kind = kind_of(value)
    if kind is str:
        return integer(_digits(value, "integer"))
    if kind is Timestamp:
        return value.nanos // SECOND
    return integer(int(finite(value)) if kind is float else int(value))


def _uint(_scope: Scope, value: Cel) -> Uint:
    if kind_of(value) is str:
        return unsigned(_digits(value, "unsigned integer"))
    if kind_of(value) is float and value < 0:
        raise ExpressionError("overflow", "an unsigned integer is not negative")
    return unsigned(int(value))


def _double(_scope: Scope, value: Cel) -> float:
    if kind_of(value) is not str:
        return float(value)
    if not _DOUBLE.fullmatch(value):
        raise wrong_argument(f"{_shown(value)} is no number")
    return finite(float(value))


def double_text(value: float) -> str:
    """As CEL writes doubles: the shortest digits, with an exponent from a million on."""
    sign = "-" if math.copysign(1, value) < 0 else ""
    digits, power = _shortest(abs(value))
    if power < 0 and power > -5:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    if 0 <= power < 6:
        return f"{sign}{_pointed(digits.ljust(power + 1, '0'), power + 1)}"
    return f"{sign}{_pointed(digits, 1)}e{'-' if power < 0 else '+'}{abs(power):02}"


def _shortest(value: float) -> tuple[str, int]:
    """The fewest digits that say this double, and the power of ten of the first one."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    if value == 0:
        return "0", 0
    digits = (whole + fraction).lstrip("0")
    power = len(whole) - 1 - (len(whole + fraction) - len(digits)) + int(exponent or 0)
    return digits.rstrip("0"), power


def _pointed(digits: str, at: int) -> str:
    return f"{digits[:at]}.{digits[at:]}" if len(digits) > at else digits


def _string(scope: Scope, value: Cel) -> str:
    kind = kind_of(value)
    if kind is str:
        return value
    if kind is bool:
        return "true" if value else "false"
    if kind is bytes:
        return _utf8(scope, value)
    writer = _WRITERS.get(kind)
    if writer is None:
        return str(int(value))
    scope.spend(60)
    return writer(value)


_WRITERS: Final[dict[type[object], Callable[[Cel], str]]] = {
    float: double_text,
    Timestamp: write_timestamp,
    Duration: write_duration,
}


def _utf8(scope: Scope, value: bytes) -> str:
    scope.build(len(value))
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise wrong_argument("the bytes are no UTF-8 text") from None


def _bytes(scope: Scope, value: Cel) -> bytes:
    if kind_of(value) is bytes:
        return value
    scope.build(len(value))
    scope.spend(len(value) >> 4)
    return value.encode("utf-8", "surrogatepass")


def _bool(_scope: Scope, value: Cel) -> bool:
    if kind_of(value) is bool:
        return value
    if value in _TRUE or value in _FALSE:
        return value in _TRUE
    raise wrong_argument(f"{_shown(value)} is neither 'true' nor 'false'")


def _timestamp(_scope: Scope, value: Cel) -> Timestamp:
    if kind_of(value) is str:
        return read_timestamp(value)
    return checked_timestamp(value * SECOND) if kind_of(value) is int else value


def _duration(_scope: Scope, value: Cel) -> Duration:
    return read_duration(value) if kind_of(value) is str else value


def _type(_scope: Scope, value: Cel) -> Cel:
    return TYPES[type_name(value)]


def _dyn(_scope: Scope, value: Cel) -> Cel:
    return value


def _size(_scope: Scope, value: Cel) -> int:
    return len(value)


_SIZED: Final = frozenset({str, bytes, list, dict})
_TEXTUAL: Final = NUMBER | TEXT | BYTES | {bool, Timestamp, Duration}

_FUNCTIONS: Final = (
    Function("bool", _bool, (frozenset({bool, str}),), "bool(value) -> bool",
        "From `'true'`, `'t'`, `'1'` and their opposites.", "bool('true')", True, style="global"),
    Function("bytes", _bytes, (TEXT | BYTES,), "bytes(value) -> bytes",
        "The text as UTF-8.", "size(bytes('é'))", 2, style="global"),
    Function("double", _double, (NUMBER | TEXT,), "double(value) -> double",
        "From a number or its text.", "double('1.5') + 1", 2.5, style="global", cost=12),
    Function("duration", _duration, (frozenset({str, Duration}),), "duration(text) -> duration",
        "From text such as `1h30m`, `1.5s`, `250ms`.", "duration('1h30m')", "5400s", style="global", cost=50),
    Function("dyn", _dyn, (ANY,), "dyn(value) -> value",
        "The value itself; CEL has it for its type checker.", "dyn(1)", 1, style="global"),
    Function("int", _int, (NUMBER | TEXT | {bool, Timestamp},), "int(value) -> int",
        "From a number (cut off at the point), its text, a bool (0 or 1), or a timestamp (seconds since 1970).", "int('42') + int(1.9)", 43, style="global"),
    Function("size", _size, (_SIZED,), "size(value) -> int, value.size() -> int",
        "Characters of a text, items of a list, entries of a map, length of bytes.", "size('abc') + [1, 2].size()", 5, style="both"),
    Function("string", _string, (_TEXTUAL,), "string(value) -> string",
        "The text of a number, bool, time, or of bytes in UTF-8. A map or list: `json.encode`.", "string(1.0) + string(true)", "1true", style="global"),
    Function("timestamp", _timestamp, (frozenset({str, int, Timestamp}),), "timestamp(value) -> timestamp",
        "From RFC 3339 or seconds since 1970.", "timestamp(0)", "1970-01-01T00:00:00Z", style="global", cost=60),
    Function("type", _type, (ANY,), "type(value) -> type",
        "To compare with `int`, `uint`, `double`, `bool`, `string`, `bytes`, `list`, `map`, `null_type`.", "type(1.5) == double", True, style="global"),
    Function("uint", _uint, (NUMBER | TEXT,), "uint(value) -> uint",
        "An integer without sign, as `1u`.", "uint('7')", 7, style="global"),
)  # fmt: skip

GROUP: Final = Group("Types and sizes", _FUNCTIONS)
