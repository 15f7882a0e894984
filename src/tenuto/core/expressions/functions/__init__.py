"""All functions of the language, by name. A table: adding a function is adding a line to its group."""

from typing import Final

from tenuto.core.expressions.functions import convert, encoding, lists, numbers, text, time
from tenuto.core.expressions.functions.function import Function, Group

GROUPS: Final[tuple[Group, ...]] = (
    convert.GROUP,
    text.GROUP,
    lists.GROUP,
    numbers.GROUP,
    time.GROUP,
    encoding.GROUP,
)

_ALL: Final = tuple(function for group in GROUPS for function in group.functions)

GLOBALS: Final[dict[str, Function]] = {f.name: f for f in _ALL if f.style != "receiver"}
RECEIVERS: Final[dict[str, Function]] = {f.name: f for f in _ALL if f.style != "global"}

__all__ = ["GLOBALS", "GROUPS", "RECEIVERS", "Function", "Group"]
