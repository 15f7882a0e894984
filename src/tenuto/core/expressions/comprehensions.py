"""Macros: closures that go through a list, or the keys of a map, with a variable.

Every turn is paid for by the number of steps that its body has. `exists` and `all` are `||` and `&&` over all items, so
an error in one of them matters only if no other decides.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

from tenuto.core.expressions.branches import absorb
from tenuto.core.expressions.errors import ExpressionError, wrong_type
from tenuto.core.expressions.functions.lists import sort_by_keys
from tenuto.core.expressions.kinds import Cel, kind_of, spoken
from tenuto.core.expressions.operators import from_key
from tenuto.core.expressions.paths import Run
from tenuto.core.expressions.scope import Scope

Turns: TypeAlias = Callable[[Scope, list[Cel], int, tuple[Run, ...], int], Cel]


def _map(scope: Scope, items: list[Cel], slot: int, bodies: tuple[Run, ...], cost: int) -> list[Cel]:
    if len(bodies) == 2:
        return _filter_map(scope, items, slot, bodies, cost)
    (body,) = bodies
    slots = scope.slots
    scope.spend(cost * len(items))
    out: list[Cel] = []
    for slots[slot] in items:
        out.append(body(scope))
    return out


def _filter_map(scope: Scope, items: list[Cel], slot: int, bodies: tuple[Run, ...], cost: int) -> list[Cel]:
    condition, body = bodies
    slots = scope.slots
    scope.spend(cost * len(items))
    out: list[Cel] = []
    for slots[slot] in items:
        if _true(condition(scope)):
            out.append(body(scope))
    return out


def _filter(scope: Scope, items: list[Cel], slot: int, bodies: tuple[Run, ...], cost: int) -> list[Cel]:
    (condition,) = bodies
    slots = scope.slots
    scope.spend(cost * len(items))
    out: list[Cel] = []
    for item in items:
        slots[slot] = item
        if _true(condition(scope)):
            out.append(item)
    return out


def _true(value: Cel) -> bool:
    if value is True or value is False:
        return value
    raise wrong_type(f"the condition is {spoken(value)}, not bool")


def _any(decisive: bool) -> Turns:  # noqa: FBT001 - which of the two quantifiers it is
    def turns(scope: Scope, items: list[Cel], slot: int, bodies: tuple[Run, ...], cost: int) -> bool:
        (condition,) = bodies
        slots = scope.slots
        failed: ExpressionError | None = None
        for slots[slot] in items:
            scope.spend(cost)
            try:
                if _true(condition(scope)) is decisive:
                    return decisive
            except ExpressionError as error:
                absorbed = absorb(scope, error)
                failed = failed or absorbed
        if failed:
            raise failed
        return not decisive

    return turns


def _exists_one(scope: Scope, items: list[Cel], slot: int, bodies: tuple[Run, ...], cost: int) -> bool:
    return len(_filter(scope, items, slot, bodies, cost)) == 1


def _sort_by(scope: Scope, items: list[Cel], slot: int, bodies: tuple[Run, ...], cost: int) -> list[Cel]:
    return sort_by_keys(scope, items, _map(scope, items, slot, bodies, cost))


@dataclass(slots=True, frozen=True)
class Macro:
    """`arities` counts the arguments, the variable among them."""

    name: str
    turns: Turns
    arities: tuple[int, ...]
    signature: str
    doc: str
    example: str
    result: object


_ALL: Final = (
    Macro("all", _any(decisive=False), (2,), "list.all(x, condition) -> bool",
        "Whether the condition holds for every item, or every key of a map.", "[1, 2].all(x, x > 0)", True),
    Macro("exists", _any(decisive=True), (2,), "list.exists(x, condition) -> bool",
        "Whether it holds for some.", "['a', 'b'].exists(x, x == 'b')", True),
    Macro("exists_one", _exists_one, (2,), "list.exists_one(x, condition) -> bool",
        "Whether it holds for exactly one.", "[1, 2, 2].exists_one(x, x == 2)", False),
    Macro("filter", _filter, (2,), "list.filter(x, condition) -> list",
        "The items, or the keys of a map, for which it holds.", "[1, 2, 3].filter(x, x > 1)", [2, 3]),
    Macro("map", _map, (2, 3), "list.map(x, [condition,] value) -> list",
        "What each item, or each key of a map, becomes; with a condition, only those for which it holds.",
        "[1, 2, 3].map(x, x > 1, x * 10)", [20, 30]),
    Macro("sortBy", _sort_by, (2,), "list.sortBy(x, key) -> list",
        "The items in the order of a key.", "[{'n': 2}, {'n': 1}].sortBy(x, x.n)", [{"n": 1}, {"n": 2}]),
)  # fmt: skip

MACROS: Final[dict[str, Macro]] = {macro.name: macro for macro in _ALL}


def comprehension(macro: Macro, items_of: Run, slot: int, bodies: tuple[Run, ...], cost: int, at: int) -> Run:
    turns = macro.turns

    def run(scope: Scope) -> Cel:
        value = items_of(scope)
        try:
            items = value if kind_of(value) is list else _keys(scope, macro, value)
            return turns(scope, items, slot, bodies, cost)
        except ExpressionError as error:
            raise error.at(at) from None

    return run


def _keys(scope: Scope, macro: Macro, value: Cel) -> list[Cel]:
    if kind_of(value) is not dict:
        raise wrong_type(f"`{macro.name}` goes through a list or a map, not through {spoken(value)}")
    scope.spend(len(value) >> 1)
    return [from_key(key) for key in value]
