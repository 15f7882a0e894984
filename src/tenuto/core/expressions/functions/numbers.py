"""Functions on numbers, under `math.`. Results that JSON cannot say (NaN, infinities) are errors."""

import math
from collections.abc import Callable
from typing import Final

from tenuto.core.expressions.errors import wrong_argument, wrong_type
from tenuto.core.expressions.functions.function import INT, NUMBER, Function, Group, Types
from tenuto.core.expressions.kinds import NUMBERS, UINT_MAX, Cel, Uint, kind_of, spoken
from tenuto.core.expressions.operators import integer
from tenuto.core.expressions.scope import Scope
from tenuto.core.values import INT_MAX

_WHOLE: Final[Types] = frozenset({int, Uint})


def _extreme(scope: Scope, name: str, values: tuple[Cel, ...], better: Callable[[Cel, Cel], bool]) -> Cel:
    candidates: tuple[Cel, ...] = values
    if len(values) == 1 and kind_of(values[0]) is list:
        candidates = tuple(values[0])
    scope.spend(2 * len(candidates))
    if not candidates:
        raise wrong_argument(f"`math.{name}` of an empty list")
    for value in candidates:
        if kind_of(value) not in NUMBERS:
            raise wrong_type(f"`math.{name}` does not take {spoken(value)}")
    best = candidates[0]
    for value in candidates[1:]:
        if better(value, best):
            best = value
    return best


def _greatest(scope: Scope, *values: Cel) -> Cel:
    return _extreme(scope, "greatest", values, lambda one, two: bool(one > two))


def _least(scope: Scope, *values: Cel) -> Cel:
    return _extreme(scope, "least", values, lambda one, two: bool(one < two))


def _ceil(_scope: Scope, value: Cel) -> Cel:
    return math.copysign(math.ceil(value), value) if isinstance(value, float) else value


def _floor(_scope: Scope, value: Cel) -> Cel:
    return math.copysign(math.floor(value), value) if isinstance(value, float) else value


def _trunc(_scope: Scope, value: Cel) -> Cel:
    return math.copysign(math.trunc(value), value) if kind_of(value) is float else value


def _round(_scope: Scope, value: Cel) -> Cel:
    if kind_of(value) is not float:
        return value
    whole = math.floor(abs(value))
    return math.copysign(whole + 1.0 if abs(value) - whole >= 0.5 else float(whole), value)


def _abs(_scope: Scope, value: Cel) -> Cel:
    return integer(abs(value)) if kind_of(value) is int else abs(value) if kind_of(value) is float else value


def _sign(_scope: Scope, value: Cel) -> Cel:
    sign = (value > 0) - (value < 0)
    return Uint(sign) if kind_of(value) is Uint else float(sign) if kind_of(value) is float else sign


def _sqrt(_scope: Scope, value: Cel) -> float:
    if value < 0:
        raise wrong_argument("no square root of a negative number")
    return math.sqrt(value)


def _is_nan(_scope: Scope, value: Cel) -> bool:
    return math.isnan(value)


def _is_inf(_scope: Scope, value: Cel) -> bool:
    return math.isinf(value)


def _is_finite(_scope: Scope, value: Cel) -> bool:
    return math.isfinite(value)


def _same(name: str, left: Cel, right: Cel) -> type[int]:
    if kind_of(left) is not kind_of(right):
        raise wrong_type(f"`math.{name}` takes two int or two uint, not {spoken(left)} and {spoken(right)}")
    return Uint if kind_of(left) is Uint else int


def _bit_and(_scope: Scope, left: int, right: int) -> int:
    return _same("bitAnd", left, right)(left & right)


def _bit_or(_scope: Scope, left: int, right: int) -> int:
    return _same("bitOr", left, right)(left | right)


def _bit_xor(_scope: Scope, left: int, right: int) -> int:
    return _same("bitXor", left, right)(left ^ right)


def _bit_not(_scope: Scope, value: int) -> int:
    return Uint(UINT_MAX - value) if kind_of(value) is Uint else ~value


def _shift(value: Cel, by: int, moved: Callable[[int], int]) -> int:
    """Within 64 bits; bits that leave are gone, as in CEL."""
    if by < 0:
        raise wrong_argument(f"cannot shift by {by} bits")
    bits = moved(int(value) & UINT_MAX) & UINT_MAX if by < 64 else 0
    if kind_of(value) is Uint:
        return Uint(bits)
    return bits if bits <= INT_MAX else bits - UINT_MAX - 1


def _shift_left(_scope: Scope, value: Cel, by: int) -> int:
    return _shift(value, by, lambda bits: bits << by)


def _shift_right(_scope: Scope, value: Cel, by: int) -> int:
    return _shift(value, by, lambda bits: bits >> by)


def _function(
    name: str, call: Callable[..., Cel], doc: str, example: str, result: object, signature: str = ""
) -> Function:
    return Function(
        f"math.{name}",
        call,
        (NUMBER,),
        signature or f"math.{name}(number) -> number",
        doc,
        example,
        result,
        style="global",
    )


def _bits(
    name: str, call: Callable[..., Cel], doc: str, example: str, result: object, second: Types = _WHOLE
) -> Function:
    return Function(
        f"math.{name}", call, (_WHOLE, second), f"math.{name}(int, int) -> int", doc, example, result, style="global"
    )


_FUNCTIONS: Final = (
    _function("abs", _abs, "Without its sign.", "math.abs(-2)", 2),
    _bits("bitAnd", _bit_and, "Bits set in both.", "math.bitAnd(6, 3)", 2),
    Function("math.bitNot", _bit_not, (_WHOLE,), "math.bitNot(int) -> int", "All bits turned.", "math.bitNot(5)", -6, style="global"),
    _bits("bitOr", _bit_or, "Bits set in either.", "math.bitOr(6, 3)", 7),
    _bits("bitShiftLeft", _shift_left, "Bits moved up.", "math.bitShiftLeft(1, 3)", 8, INT),
    _bits("bitShiftRight", _shift_right, "Bits moved down, zeros coming in.", "math.bitShiftRight(8, 2)", 2, INT),
    _bits("bitXor", _bit_xor, "Bits set in one of them.", "math.bitXor(6, 3)", 5),
    _function("ceil", _ceil, "The next whole number up.", "math.ceil(1.2)", 2.0),
    _function("floor", _floor, "The next whole number down.", "math.floor(-1.2)", -2.0),
    Function("math.greatest", _greatest, (NUMBER | {list},), "math.greatest(number, …) or (list) -> number",
        "The largest of its arguments, or of a list.", "math.greatest(1, 2.5, 2)", 2.5, style="global", endless=True, cost=25),
    _function("isFinite", _is_finite, "Whether it is a number that JSON can say; always so here.", "math.isFinite(1.0)", True, "math.isFinite(number) -> bool"),
    _function("isInf", _is_inf, "Whether it is infinite; never so here.", "math.isInf(1.0)", False, "math.isInf(number) -> bool"),
    _function("isNaN", _is_nan, "Whether it is no number; never so here.", "math.isNaN(1.0)", False, "math.isNaN(number) -> bool"),
    Function("math.least", _least, (NUMBER | {list},), "math.least(number, …) or (list) -> number",
        "The smallest of its arguments, or of a list.", "math.least([3, 1, 2])", 1, style="global", endless=True, cost=25),
    _function("round", _round, "To the nearest whole number, halves away from zero.", "math.round(-2.5)", -3.0),
    _function("sign", _sign, "-1, 0 or 1.", "math.sign(-3)", -1),
    _function("sqrt", _sqrt, "The square root.", "math.sqrt(9)", 3.0, "math.sqrt(number) -> double"),
    _function("trunc", _trunc, "Without what is behind the point.", "math.trunc(-1.9)", -1.0),
)  # fmt: skip

GROUP: Final = Group("Numbers", _FUNCTIONS)
