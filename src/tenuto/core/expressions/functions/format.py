"""`format`: CEL's own verbs, written out here. Nothing of Python's formatting language is reachable."""

import re
from collections.abc import Callable
from typing import Final

from tenuto.core.expressions.errors import ExpressionError, wrong_argument, wrong_type
from tenuto.core.expressions.functions.convert import double_text
from tenuto.core.expressions.kinds import (
    INTEGERS,
    NUMBERS,
    BoolKey,
    Cel,
    Duration,
    Timestamp,
    TypeName,
    kind_of,
    spoken,
)
from tenuto.core.expressions.moments import write_duration, write_timestamp
from tenuto.core.expressions.scope import Scope
from tenuto.core.values import MAX_DEPTH

_VERB: Final = re.compile(r"%(?:\.([0-9]{1,3}))?([\s\S]?)")
_MAX_DIGITS: Final = 100


def format_text(scope: Scope, template: str, arguments: list[Cel]) -> str:
    """The template with its verbs filled in, in order."""
    parts: list[str] = []
    last = used = 0
    for match in _VERB.finditer(template):
        parts.append(template[last : match.start()])
        last = match.end()
        if match[0] == "%%":
            scope.spend(2)
            parts.append("%")
            continue
        if used >= len(arguments):
            raise wrong_argument(f"`{match[0]}` finds no value: the list has {len(arguments)}")
        parts.append(_filled(scope, match, arguments[used]))
        used += 1
    parts.append(template[last:])
    scope.build(sum(map(len, parts)))
    return "".join(parts)


def _filled(scope: Scope, match: re.Match[str], value: Cel) -> str:
    scope.spend(16)
    digits = int(match[1]) if match[1] else 6
    if digits > _MAX_DIGITS:
        raise wrong_argument(f"`{match[0]}` asks for more than {_MAX_DIGITS} digits")
    verb = match[2]
    if verb == "s":
        return _any(scope, value, 0)
    if verb in {"f", "e"}:
        return _decimal(verb, digits, value)
    if verb in _INTEGER:
        return _integer(scope, verb, value)
    raise wrong_argument(
        f"`{match[0]}` is no verb of `format`", "they are %s %d %f %e %x %X %o %b, with digits as in %.2f, and %%"
    )


_INTEGER: Final = frozenset("dxXob")


def _decimal(verb: str, digits: int, value: Cel) -> str:
    if kind_of(value) not in NUMBERS:
        raise wrong_type(f"`%{verb}` takes a number, not {spoken(value)}")
    return f"{value:.{digits}{verb}}"


def _integer(scope: Scope, verb: str, value: Cel) -> str:
    kind = kind_of(value)
    if kind in INTEGERS or (kind is bool and verb == "b"):
        return f"{int(value):{verb}}"
    if kind is float and verb == "d":
        return f"{value:.6f}"
    if kind in {str, bytes} and verb in {"x", "X"}:
        scope.build(2 * len(value))
        text = (value.encode("utf-8", "surrogatepass") if kind is str else value).hex()
        return text.upper() if verb == "X" else text
    raise wrong_type(f"`%{verb}` takes an integer, not {spoken(value)}")


def _any(scope: Scope, value: Cel, depth: int) -> str:
    kind = kind_of(value)
    if kind is str:
        return value
    if kind is list or kind is dict:
        return _container(scope, value, depth)
    if kind is float:
        return double_text(value)
    writer = _WRITERS.get(kind)
    return writer(value) if writer else str(int(value))


_WRITERS: Final[dict[type, Callable[[Cel], str]]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    bytes: lambda value: value.decode("utf-8", "replace"),
    Timestamp: write_timestamp,
    Duration: write_duration,
    TypeName: lambda value: value.name,
}


def _container(scope: Scope, value: Cel, depth: int) -> str:
    if depth >= MAX_DEPTH:
        raise ExpressionError("depth", f"the value is nested deeper than {MAX_DEPTH} levels")
    scope.spend(8 + 8 * len(value))
    if kind_of(value) is list:
        parts = [_any(scope, item, depth + 1) for item in value]
        opening, closing = "[]"
    else:
        parts = sorted(
            f"{_any(scope, _key(key), depth + 1)}: {_any(scope, item, depth + 1)}" for key, item in value.items()
        )
        opening, closing = "{}"
    scope.build(sum(map(len, parts)) + 2 * len(parts))
    return f"{opening}{', '.join(parts)}{closing}"


def _key(key: Cel) -> Cel:
    return key.value if kind_of(key) is BoolKey else key
