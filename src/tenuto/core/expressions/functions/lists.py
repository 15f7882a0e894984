"""Functions on lists. Order and sameness are those of the operators `<` and `==`."""

from typing import Final

from tenuto.core.expressions.errors import ExpressionError, wrong_argument, wrong_type
from tenuto.core.expressions.functions.function import INT, LIST, Function, Group
from tenuto.core.expressions.kinds import NUMBERS, Cel, Duration, Timestamp, kind_of, spoken
from tenuto.core.expressions.operators import add
from tenuto.core.expressions.scope import Scope
from tenuto.core.values import MAX_DEPTH

_SORTABLE: Final = frozenset({bool, str, bytes, Timestamp, Duration})


def sort_by_keys(scope: Scope, items: list[Cel], keys: list[Cel]) -> list[Cel]:
    """The items in the order of their keys; equal keys leave them as they stand."""
    _pay_for_order(scope, keys)
    order = sorted(range(len(keys)), key=keys.__getitem__)
    return [items[position] for position in order]


def _pay_for_order(scope: Scope, keys: list[Cel]) -> None:
    if not keys:
        return
    kind = kind_of(keys[0])
    if kind not in NUMBERS and kind not in _SORTABLE:
        raise wrong_type(f"{spoken(keys[0])} has no order", "sort by a number or a text: `list.sortBy(x, x.name)`")
    for key in keys:
        if kind_of(key) is not kind and not (kind in NUMBERS and kind_of(key) in NUMBERS):
            raise wrong_type(f"cannot sort {spoken(keys[0])} together with {spoken(key)}")
    rounds = len(keys).bit_length()
    scope.spend(len(keys) + (len(keys) * rounds >> 2))
    if kind is str or kind is bytes:
        scope.spend(sum(len(key) >> 9 for key in keys) * rounds)


def _sort(scope: Scope, items: list[Cel]) -> list[Cel]:
    _pay_for_order(scope, items)
    return sorted(items)


def _distinct(scope: Scope, items: list[Cel]) -> list[Cel]:
    seen: dict[Cel, Cel] = {}
    for item in items:
        scope.spend(3)
        seen.setdefault(_frozen(scope, item, 0), item)
    return list(seen.values())


def _frozen(scope: Scope, value: Cel, depth: int) -> Cel:
    """Something to look up by, the same for values that `==` takes for the same."""
    kind = kind_of(value)
    if kind is list or kind is dict:
        if depth >= MAX_DEPTH:
            raise ExpressionError("depth", f"the value is nested deeper than {MAX_DEPTH} levels")
        scope.spend(4 + 6 * len(value))
        if kind is list:
            return (list, *[_frozen(scope, item, depth + 1) for item in value])
        return frozenset((key, _frozen(scope, item, depth + 1)) for key, item in value.items())
    if kind is bool:
        return (bool, value)
    if kind is str and len(value) > 512:
        scope.spend(len(value) >> 9)
    return value


def _flatten(scope: Scope, items: list[Cel], depth: int = 1) -> list[Cel]:
    if depth < 0:
        raise wrong_argument("the depth is negative")
    out: list[Cel] = []
    _flatten_into(scope, out, items, min(depth, MAX_DEPTH))
    return out


def _flatten_into(scope: Scope, out: list[Cel], items: list[Cel], depth: int) -> None:
    scope.spend(1 + len(items))
    for item in items:
        if depth > 0 and kind_of(item) is list:
            _flatten_into(scope, out, item, depth - 1)
        else:
            out.append(item)


def _slice(scope: Scope, items: list[Cel], start: int, end: int) -> list[Cel]:
    if not 0 <= start <= end <= len(items):
        raise wrong_argument(f"[{start}, {end}) is no part of a list of {len(items)}")
    scope.spend((end - start) >> 2)
    return items[start:end]


def _first(_scope: Scope, items: list[Cel]) -> Cel:
    if not items:
        raise ExpressionError(
            "missing_key", "the list is empty, so it has no first item", hint="`list.first() ?? other`"
        )
    return items[0]


def _last(_scope: Scope, items: list[Cel]) -> Cel:
    if not items:
        raise ExpressionError("missing_key", "the list is empty, so it has no last item", hint="`list.last() ?? other`")
    return items[-1]


def _range(scope: Scope, count: int) -> list[Cel]:
    if count < 0:
        raise wrong_argument("a range is not negative")
    scope.spend(count)
    return list(range(count))


def _sum(scope: Scope, items: list[Cel]) -> Cel:
    total: Cel = 0
    scope.spend(8 * len(items))
    for item in items:
        if kind_of(item) not in NUMBERS:
            raise wrong_type(f"`sum` adds numbers, not {spoken(item)}")
        total = add(scope, total, item)
    return total


_FUNCTIONS: Final = (
    Function("distinct", _distinct, (LIST,), "list.distinct() -> list",
        "Each value once, where it first stood.", "[1, 2, 1.0, 'a', 'a'].distinct()", [1, 2, "a"]),
    Function("first", _first, (LIST,), "list.first() -> value",
        "The first item; with `??` for an empty list.", "[].first() ?? 'none'", "none"),
    Function("flatten", _flatten, (LIST, INT), "list.flatten([depth]) -> list",
        "Lists in the list taken apart, one level deep or more.", "[[1], [2, [3]]].flatten()", [1, 2, [3]], optional=1),
    Function("last", _last, (LIST,), "list.last() -> value",
        "The last item; with `??` for an empty list.", "[1, 2, 3].last()", 3),
    Function("lists.range", _range, (INT,), "lists.range(count) -> list",
        "The integers from 0 up to before the count.", "lists.range(3)", [0, 1, 2], style="global"),
    Function("slice", _slice, (LIST, INT, INT), "list.slice(start, end) -> list",
        "The items from a position up to before another.", "[1, 2, 3, 4].slice(1, 3)", [2, 3]),
    Function("sort", _sort, (LIST,), "list.sort() -> list",
        "In rising order; numbers, texts, bools or times.", "[3, 1.5, 2].sort()", [1.5, 2, 3]),
    Function("sum", _sum, (LIST,), "list.sum() -> number",
        "All numbers added up.", "[{'n': 2, 'price': 1.5}, {'n': 1, 'price': 4}].map(x, x.n * x.price).sum()", 7.0),
)  # fmt: skip

GROUP: Final = Group("Lists", _FUNCTIONS)
