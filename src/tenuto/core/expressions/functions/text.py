"""Functions on text. Positions count characters (code points) from 0; nothing here knows patterns."""

from typing import Final

from tenuto.core.expressions.errors import wrong_argument, wrong_type
from tenuto.core.expressions.functions.format import format_text
from tenuto.core.expressions.functions.function import INT, LIST, TEXT, Function, Group
from tenuto.core.expressions.kinds import Cel, kind_of, spoken
from tenuto.core.expressions.scope import Scope

# White space as Unicode has it; Python's own also strips some control characters.
_BLANK: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


def _position(text: str, index: int) -> int:
    if 0 <= index <= len(text):
        return index
    raise wrong_argument(f"position {index} is outside a text of {len(text)} characters")


def _char_at(_scope: Scope, text: str, index: int) -> str:
    start = _position(text, index)
    return text[start : start + 1]


def _contains(scope: Scope, text: str, part: str) -> bool:
    scope.scan(len(text))
    return part in text


def _starts_with(scope: Scope, text: str, part: str) -> bool:
    scope.scan(len(part))
    return text.startswith(part)


def _ends_with(scope: Scope, text: str, part: str) -> bool:
    scope.scan(len(part))
    return text.endswith(part)


def _index_of(scope: Scope, text: str, part: str, start: int = 0) -> int:
    scope.scan(len(text))
    return text.find(part, _position(text, start))


def _last_index_of(scope: Scope, text: str, part: str, start: int | None = None) -> int:
    scope.scan(len(text))
    last = len(text) if start is None else _position(text, start)
    return text.rfind(part, 0, last + len(part))


def _lower_ascii(scope: Scope, text: str) -> str:
    return text.lower() if _is_ascii(scope, text) else _utf8(text).lower().decode("utf-8", "surrogatepass")


def _upper_ascii(scope: Scope, text: str) -> str:
    return text.upper() if _is_ascii(scope, text) else _utf8(text).upper().decode("utf-8", "surrogatepass")


def _is_ascii(scope: Scope, text: str) -> bool:
    scope.build(len(text))
    if not text.isascii():
        scope.spend(len(text) >> 3)
    return text.isascii()


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _replace(scope: Scope, text: str, old: str, new: str, limit: int = -1) -> str:
    scope.scan(len(text))
    count = text.count(old)
    count = count if limit < 0 else min(count, limit)
    scope.build(len(text) + count * (len(new) - len(old)))
    return text.replace(old, new, count)


def _split(scope: Scope, text: str, separator: str, limit: int = -1) -> list[Cel]:
    scope.scan(len(text))
    if limit == 0:
        return []
    pieces = text.count(separator) + 1 if separator else max(len(text), 1)
    scope.spend(pieces if limit < 0 else min(pieces, limit))
    scope.build(len(text))
    if separator:
        return list(text.split(separator, limit - 1 if limit > 0 else -1))
    return _characters(text, pieces if limit < 0 else min(limit, pieces))


def _characters(text: str, pieces: int) -> list[Cel]:
    return [*text[: pieces - 1], text[pieces - 1 :]]


def _join(scope: Scope, items: list[Cel], separator: str = "") -> str:
    scope.spend(len(items) >> 1)
    for item in items:
        if kind_of(item) is not str:
            raise wrong_type(f"`join` joins texts, not {spoken(item)}", "write `list.map(x, string(x)).join()`")
    scope.build(sum(map(len, items)) + len(separator) * max(len(items) - 1, 0))
    return separator.join(items)


def _substring(scope: Scope, text: str, start: int, end: int | None = None) -> str:
    first, last = _position(text, start), len(text) if end is None else _position(text, end)
    if last < first:
        raise wrong_argument(f"the end {last} is before the start {first}")
    scope.build(last - first)
    return text[first:last]


def _trim(scope: Scope, text: str) -> str:
    scope.build(len(text))
    return text.strip(_BLANK)


def _reverse(scope: Scope, value: Cel) -> Cel:
    if kind_of(value) is str:
        scope.build(len(value))
    else:
        scope.spend(len(value) >> 2)
    return value[::-1]


_QUOTED: Final = str.maketrans(
    {
        "\\": "\\\\",
        '"': '\\"',
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
    }
)


def _quote(scope: Scope, text: str) -> str:
    scope.build(2 * len(text) + 2)
    scope.spend(len(text) >> 3)
    return f'"{text.translate(_QUOTED)}"'


_FUNCTIONS: Final = (
    Function("charAt", _char_at, (TEXT, INT), "text.charAt(int) -> string",
        "The character at a position; empty just behind the last.", "'abc'.charAt(1)", "b"),
    Function("contains", _contains, (TEXT, TEXT), "text.contains(string) -> bool",
        "Whether the part occurs in the text.", "'tenuto'.contains('nut')", True),
    Function("endsWith", _ends_with, (TEXT, TEXT), "text.endsWith(string) -> bool",
        "Whether the text ends like this.", "'a.pdf'.endsWith('.pdf')", True),
    Function("format", format_text, (TEXT, LIST), "text.format(list) -> string",
        "Fills in `%s` (anything), `%d` (integer), `%f` and `%e` (with `%.2f` digits), `%x`, `%X`, `%o`, `%b`, `%%`.",
        "'%s has %.1f'.format(['Ada', 2.5])", "Ada has 2.5", cost=20),
    Function("indexOf", _index_of, (TEXT, TEXT, INT), "text.indexOf(string[, start]) -> int",
        "Where the part first occurs, from a position on; -1 if it does not.", "'banana'.indexOf('a', 2)", 3, optional=1, cost=15),
    Function("join", _join, (LIST, TEXT), "list.join([separator]) -> string",
        "One text of many.", "['a', 'b'].join(', ')", "a, b", optional=1),
    Function("lastIndexOf", _last_index_of, (TEXT, TEXT, INT), "text.lastIndexOf(string[, start]) -> int",
        "Where the part last occurs, at or before a position; -1 if it does not.", "'banana'.lastIndexOf('a')", 5, optional=1, cost=15),
    Function("lowerAscii", _lower_ascii, (TEXT,), "text.lowerAscii() -> string",
        "Letters A to Z made small.", "'Ada É'.lowerAscii()", "ada É"),
    Function("replace", _replace, (TEXT, TEXT, TEXT, INT), "text.replace(old, new[, limit]) -> string",
        "Every occurrence replaced, or the first few.", "'a-b-c'.replace('-', '+', 1)", "a+b-c", optional=1, cost=15),
    Function("reverse", _reverse, (frozenset({str, list}),), "text.reverse() -> string, list.reverse() -> list",
        "The other way round.", "'abc'.reverse() + string([1, 2].reverse()[0])", "cba2"),
    Function("split", _split, (TEXT, TEXT, INT), "text.split(separator[, limit]) -> list",
        "The parts between separators, at most so many; single characters if the separator is empty.",
        "'a,b,c'.split(',', 2)", ["a", "b,c"], optional=1, cost=15),
    Function("startsWith", _starts_with, (TEXT, TEXT), "text.startsWith(string) -> bool",
        "Whether the text starts like this.", "'run-1'.startsWith('run')", True),
    Function("strings.quote", _quote, (TEXT,), "strings.quote(string) -> string",
        "The text in double quotes, special characters escaped.", r"""strings.quote('say "hi"')""", r'"say \"hi\""', style="global"),
    Function("substring", _substring, (TEXT, INT, INT), "text.substring(start[, end]) -> string",
        "The characters from a position up to before another.", "'tenuto'.substring(3, 5)", "ut", optional=1, cost=15),
    Function("trim", _trim, (TEXT,), "text.trim() -> string",
        "Without white space at both ends.", "'  a b '.trim()", "a b"),
    Function("upperAscii", _upper_ascii, (TEXT,), "text.upperAscii() -> string",
        "Letters a to z made large.", "'ada é'.upperAscii()", "ADA é"),
)  # fmt: skip

GROUP: Final = Group("Text", _FUNCTIONS)
