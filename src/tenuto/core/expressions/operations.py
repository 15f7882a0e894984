"""Closures of literals, fields, items and operators. Two ints or two short texts take a short cut."""

from collections.abc import Callable
from typing import Final

from tenuto.core.expressions import operators
from tenuto.core.expressions.errors import ExpressionError, wrong_type
from tenuto.core.expressions.kinds import Cel, kind_of, spoken
from tenuto.core.expressions.paths import Run
from tenuto.core.expressions.scope import Scope
from tenuto.core.values import INT_MAX, INT_MIN

_KEYS: Final = frozenset({str, int, bool, operators.Uint})


def literal(value: Cel) -> Run:
    return lambda _: value


def list_of(items: tuple[Run, ...]) -> Run:
    return lambda scope: [item(scope) for item in items]


def map_of(entries: tuple[tuple[Run, Run], ...], at: int) -> Run:
    def run(scope: Scope) -> Cel:
        out: dict[Cel, Cel] = {}
        for key_of, value_of in entries:
            key = key_of(scope)
            if kind_of(key) not in _KEYS:
                raise ExpressionError("type", f"the key of a map cannot be {spoken(key)}", at)
            kept = operators.map_key(key)
            if kept in out:
                raise ExpressionError("argument", f"the key {key!r} stands in the map twice", at)
            out[kept] = value_of(scope)
        return out

    return run


def select(operand: Run, field: str, described: str, at: int) -> Run:
    def run(scope: Scope) -> Cel:
        value = operand(scope)
        try:
            return operators.field(scope, value, field, described)
        except ExpressionError as error:
            raise error.at(at) from None

    return run


def index(operand: Run, key_of: Run, described: str, at: int) -> Run:
    def run(scope: Scope) -> Cel:
        value, key = operand(scope), key_of(scope)
        try:
            return operators.item(scope, value, key, lambda: described)
        except ExpressionError as error:
            raise error.at(at) from None

    return run


Binary = Callable[[Scope, Cel, Cel], Cel]


def _binary(work: Binary, left: Run, right: Run, at: int) -> Run:
    def run(scope: Scope) -> Cel:
        one, two = left(scope), right(scope)
        try:
            return work(scope, one, two)
        except ExpressionError as error:
            raise error.at(at) from None

    return run


def _add(left: Run, right: Run, at: int) -> Run:
    def run(scope: Scope) -> Cel:
        one, two = left(scope), right(scope)
        if kind_of(one) is int and kind_of(two) is int and INT_MIN <= (total := one + two) <= INT_MAX:
            return total
        try:
            return operators.add(scope, one, two)
        except ExpressionError as error:
            raise error.at(at) from None

    return run


_ARITHMETIC: Final[dict[str, Binary]] = {
    "-": operators.subtract,
    "*": operators.multiply,
    "/": operators.divide,
    "%": operators.remainder,
}


def arithmetic(operator: str, left: Run, right: Run, at: int) -> Run:
    return _add(left, right, at) if operator == "+" else _binary(_ARITHMETIC[operator], left, right, at)


def _equality(left: Run, right: Run, at: int, wanted: bool) -> Run:  # noqa: FBT001 - which of the two operators it is
    def run(scope: Scope) -> Cel:
        one, two = left(scope), right(scope)
        kind = kind_of(one)
        if kind is kind_of(two) and (kind is int or (kind is str and len(one) < 512)):
            return (one == two) is wanted
        try:
            return operators.equal(scope, one, two) is wanted
        except ExpressionError as error:
            raise error.at(at) from None

    return run


_RELATIONS: Final[dict[str, Binary]] = {
    "<": operators.less,
    "<=": operators.less_equal,
    ">": operators.greater,
    ">=": operators.greater_equal,
    "in": operators.contains,
}


def relation(operator: str, left: Run, right: Run, at: int) -> Run:
    if operator in {"==", "!="}:
        return _equality(left, right, at, operator == "==")
    return _binary(_RELATIONS[operator], left, right, at)


def unary(operator: str, operand: Run, at: int) -> Run:
    return _not(operand, at) if operator == "!" else _negative(operand, at)


def _not(operand: Run, at: int) -> Run:
    def run(scope: Scope) -> Cel:
        value = operand(scope)
        if value is True:
            return False
        if value is False:
            return True
        raise wrong_type(f"`!` does not take {spoken(value)}").at(at)

    return run


def _negative(operand: Run, at: int) -> Run:
    def run(scope: Scope) -> Cel:
        value = operand(scope)
        try:
            return operators.negate(scope, value)
        except ExpressionError as error:
            raise error.at(at) from None

    return run
