"""What operators do to values. Numbers mix as in JSON; everything else wants operands of one type.

Each takes the scope first and pays it for work that grows with its operands. The compiler keeps short cuts of its own
for two ints or two short texts; here is the whole rule.
"""

import math
from collections.abc import Callable
from itertools import islice
from typing import Final

from tenuto.core.expressions.errors import ExpressionError, wrong_type
from tenuto.core.expressions.kinds import (
    INTEGERS,
    NUMBERS,
    UINT_MAX,
    BoolKey,
    Cel,
    Duration,
    Timestamp,
    Uint,
    kind_of,
    spoken,
)
from tenuto.core.expressions.moments import checked_duration, checked_timestamp
from tenuto.core.expressions.scope import Scope
from tenuto.core.values import INT_MAX, INT_MIN

_SHORT: Final = 512  # characters that are compared for nothing

# Arithmetic


def integer(value: int) -> int:
    """The value, if it fits into 64 bits."""
    if INT_MIN <= value <= INT_MAX:
        return value
    raise ExpressionError("overflow", "the integer does not fit into 64 bits", hint="use doubles: `double(x)`")


def unsigned(value: int) -> Uint:
    """The value, if it fits into 64 bits without a sign."""
    if 0 <= value <= UINT_MAX:
        return Uint(value)
    raise ExpressionError("overflow", "the unsigned integer does not fit into 64 bits")


def finite(value: float) -> float:
    """The value, if JSON can say it."""
    if math.isfinite(value):
        return value
    raise ExpressionError("not_finite", "the result is not a finite number")


def _number(left: Cel, right: Cel, exact: int) -> int:
    return unsigned(exact) if kind_of(left) is Uint and kind_of(right) is Uint else integer(exact)


def _refused(operator: str, left: Cel, right: Cel, hint: str = "") -> ExpressionError:
    return wrong_type(f"`{operator}` does not take {spoken(left)} and {spoken(right)}", hint)


def add(scope: Scope, left: Cel, right: Cel) -> Cel:
    """Sum of numbers and times; texts, bytes and lists one after the other."""
    one = kind_of(left)
    two = kind_of(right)
    if one in NUMBERS and two in NUMBERS:
        if one is float or two is float:
            return finite(float(left) + float(right))
        return _number(left, right, int(left) + int(right))
    if one is two and one in {str, bytes}:
        scope.build(len(left) + len(right))
        return left + right
    if one is list and two is list:
        scope.spend((len(left) + len(right)) >> 2)
        return left + right
    return _add_times(left, right)


def _add_times(left: Cel, right: Cel) -> Cel:
    if kind_of(left) is Timestamp and kind_of(right) is Duration:
        return checked_timestamp(left.nanos + right.nanos)
    if kind_of(left) is Duration and kind_of(right) is Timestamp:
        return checked_timestamp(left.nanos + right.nanos)
    if kind_of(left) is Duration and kind_of(right) is Duration:
        return checked_duration(left.nanos + right.nanos)
    hint = "write `${a} ${b}` outside the expression, or `string(x)`" if str in {kind_of(left), kind_of(right)} else ""
    raise _refused("+", left, right, hint)


def subtract(_scope: Scope, left: Cel, right: Cel) -> Cel:
    """Difference of numbers and times."""
    one = kind_of(left)
    two = kind_of(right)
    if one in NUMBERS and two in NUMBERS:
        if one is float or two is float:
            return finite(float(left) - float(right))
        return _number(left, right, int(left) - int(right))
    if one is Timestamp and two is Timestamp:
        return checked_duration(left.nanos - right.nanos)
    if one is Timestamp and two is Duration:
        return checked_timestamp(left.nanos - right.nanos)
    if one is Duration and two is Duration:
        return checked_duration(left.nanos - right.nanos)
    raise _refused("-", left, right)


def multiply(_scope: Scope, left: Cel, right: Cel) -> Cel:
    """Product of numbers."""
    one = kind_of(left)
    two = kind_of(right)
    if one not in NUMBERS or two not in NUMBERS:
        raise _refused("*", left, right)
    if one is float or two is float:
        return finite(float(left) * float(right))
    return _number(left, right, int(left) * int(right))


def divide(_scope: Scope, left: Cel, right: Cel) -> Cel:
    """Quotient; of two integers the part before the point."""
    one = kind_of(left)
    two = kind_of(right)
    if one not in NUMBERS or two not in NUMBERS:
        raise _refused("/", left, right)
    if right == 0:
        raise ExpressionError("division_by_zero", "division by zero")
    if one is float or two is float:
        return finite(float(left) / float(right))
    quotient = abs(int(left)) // abs(int(right))
    return _number(left, right, quotient if (left < 0) == (right < 0) else -quotient)


def remainder(_scope: Scope, left: Cel, right: Cel) -> Cel:
    """What a division of two integers leaves, with the sign of the left one."""
    if kind_of(left) not in INTEGERS or kind_of(right) not in INTEGERS:
        raise _refused("%", left, right, "both must be integers")
    if right == 0:
        raise ExpressionError("division_by_zero", "division by zero")
    rest = abs(int(left)) % abs(int(right))
    return _number(left, right, -rest if left < 0 else rest)


def negate(_scope: Scope, value: Cel) -> Cel:
    """The number with the other sign."""
    kind = kind_of(value)
    if kind is int:
        return integer(-value)
    if kind is float:
        return -value
    raise wrong_type(f"`-` does not take {spoken(value)}")


# Comparison


def equal(scope: Scope, left: Cel, right: Cel) -> bool:
    """Whether two values are the same; values of different types are not, except that 1 == 1.0."""
    one = kind_of(left)
    two = kind_of(right)
    if one is two:
        if one is list:
            return _equal_lists(scope, left, right)
        if one is dict:
            return _equal_maps(scope, left, right)
        if one in {str, bytes} and len(left) > _SHORT:
            scope.spend(len(left) >> 9)
        return bool(left == right)
    return one in NUMBERS and two in NUMBERS and bool(left == right)


def _equal_lists(scope: Scope, left: list[Cel], right: list[Cel]) -> bool:
    if len(left) != len(right):
        return False
    scope.spend(10 + 4 * len(left))
    for one, two in zip(left, right, strict=True):  # noqa: SIM110 - a generator is one more frame for each level
        if not equal(scope, one, two):
            return False
    return True


def _equal_maps(scope: Scope, left: dict[Cel, Cel], right: dict[Cel, Cel]) -> bool:
    if len(left) != len(right):
        return False
    scope.spend(10 + 5 * len(left))
    for key, value in left.items():  # noqa: SIM110 - as above
        if key not in right or not equal(scope, value, right[key]):
            return False
    return True


_ORDERED: Final = frozenset({bool, str, bytes, Timestamp, Duration})


def comparable(scope: Scope, left: Cel, right: Cel, operator: str) -> None:
    """Raise unless one of the two can be before the other."""
    one = kind_of(left)
    two = kind_of(right)
    if one in NUMBERS and two in NUMBERS:
        return
    if one is not two or one not in _ORDERED:
        raise _refused(operator, left, right)
    if one in {str, bytes}:
        scope.spend(min(len(left), len(right)) >> 9)


def less(scope: Scope, left: Cel, right: Cel) -> bool:
    """Order of numbers, texts, bytes, bools and times."""
    comparable(scope, left, right, "<")
    return bool(left < right)


def less_equal(scope: Scope, left: Cel, right: Cel) -> bool:
    """Order, or the same."""
    comparable(scope, left, right, "<=")
    return bool(left <= right)


def greater(scope: Scope, left: Cel, right: Cel) -> bool:
    """The other order."""
    comparable(scope, left, right, ">")
    return bool(left > right)


def greater_equal(scope: Scope, left: Cel, right: Cel) -> bool:
    """The other order, or the same."""
    comparable(scope, left, right, ">=")
    return bool(left >= right)


def contains(scope: Scope, item: Cel, container: Cel) -> bool:
    """Whether a list has the item, or a map the key."""
    if kind_of(container) is list:
        return _in_list(scope, item, container)
    if kind_of(container) is dict:
        key = map_key(item)
        _pay_for_key(scope, key)
        return key in container
    hint = "write `text.contains(part)`" if kind_of(container) is str else ""
    raise wrong_type(f"`in` looks into a list or a map, not into {spoken(container)}", hint)


def _in_list(scope: Scope, item: Cel, items: list[Cel]) -> bool:
    kind = kind_of(item)
    if kind is str:  # no other type equals a text, so Python's own search agrees with `equal`
        scope.spend((len(items) >> 3) + (len(item) >> 9) * len(items))
        return item in items
    if kind is int or kind is float:
        scope.spend(len(items) >> 2)
        return _number_in(item, items)
    for other in items:
        scope.spend(5)
        if equal(scope, item, other):
            return True
    return False


def _number_in(item: Cel, items: list[Cel]) -> bool:
    """Python's search, past the bools that it takes for 0 and 1."""
    at = -1
    while True:
        try:
            at = items.index(item, at + 1)
        except ValueError:
            return False
        if kind_of(items[at]) in NUMBERS:
            return True


# Items


def map_key(key: Cel) -> Cel:
    """The key as it stands in a map. A double that is whole finds an integer key."""
    kind = kind_of(key)
    if kind in _KEYS:
        return key
    if kind is bool:
        return BoolKey(key)
    raise wrong_type(f"{spoken(key)} is no key of a map")


_KEYS: Final = frozenset({str, int, Uint, float})


def from_key(key: Cel) -> Cel:
    """The value of a key that stands in a map."""
    return key.value if kind_of(key) is BoolKey else key


def _pay_for_key(scope: Scope, key: Cel) -> None:
    if kind_of(key) is str and len(key) > _SHORT:
        scope.spend(len(key) >> 9)


def item(scope: Scope, container: Cel, key: Cel, path: Callable[[], str]) -> Cel:
    """`container[key]`; `path` says what the container is called, should there be something to say."""
    kind = kind_of(container)
    if kind is dict:
        found = map_key(key)
        _pay_for_key(scope, found)
        if found in container:
            return container[found]
        raise missing_key(path(), key, container)
    if kind is list:
        return _at(container, key, path)
    raise no_items(path(), container, key)


def field(_scope: Scope, container: Cel, name: str, described: str) -> Cel:
    """`container.name`."""
    if kind_of(container) is not dict:
        raise no_items(described, container, name)
    if name in container:
        return container[name]
    raise missing_key(described, name, container)


def _at(items: list[Cel], key: Cel, path: Callable[[], str]) -> Cel:
    kind = kind_of(key)
    if kind not in NUMBERS or (kind is float and not key.is_integer()):
        raise wrong_type(f"the index of `{path()}` must be an integer, not {spoken(key)}")
    if 0 <= key < len(items):
        return items[int(key)]
    hint = "" if key >= 0 else "lists count from 0; the last one is `.last()`"
    raise ExpressionError("missing_key", f"`{path()}` has {_count(items)}, so no [{int(key)}]", hint=hint)


def _count(items: list[Cel]) -> str:
    return "1 item" if len(items) == 1 else f"{len(items)} items"


def missing_key(path: str, key: Cel, container: dict[Cel, Cel]) -> ExpressionError:
    """A key that is not there, with its path and the nearest key that is."""
    shown = _short(key if kind_of(key) is str else repr(key))
    near = (shown, [name for name in islice(container, 100) if kind_of(name) is str])
    return ExpressionError("missing_key", f"`{_short(path)}` has no key `{shown}`", near=near)


def no_items(path: str, container: Cel, key: Cel) -> ExpressionError:
    """A field or item asked of something that has none. Null has no key; anything else is of the wrong type."""
    asked = key if kind_of(key) is str else repr(key)
    if container is None:
        return ExpressionError(
            "missing_key", f"`{_short(path)}` is null, so it has no `{_short(asked)}`", hint="write `a.b ?? other`"
        )
    return wrong_type(f"`{_short(path)}` is {spoken(container)}, so it has no `{_short(asked)}`")


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}…"
