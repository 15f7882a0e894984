"""Text to tokens. ASCII names only; every literal is decoded here; nothing is looked up.

The patterns have no nested repetition, so reading a text takes time in proportion to its length.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tenuto.core.expressions.errors import ExpressionError
from tenuto.core.expressions.kinds import UINT_MAX, Cel, Uint
from tenuto.core.values import INT_MAX

MAX_TEXT: Final = 4096

_BLANK: Final = re.compile(r"(?:[ \t\r\n\f]++|//[^\n]*+)++")
_NUMBER: Final = re.compile(
    r"(?P<double>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<int>0[xX][0-9a-fA-F]+|[0-9]+)(?P<unsigned>[uU]?)"
)
_STRING: Final = re.compile(r"([bB]?[rR]?)('''|\"\"\"|'|\")")
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTED_NAME: Final = re.compile(r"`([A-Za-z0-9_./ -]+)`")
_OPERATOR: Final = re.compile(r"\?\?|&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}]")
_ESCAPE: Final = re.compile(
    r"\\(?:(?P<plain>[abfnrtv\\?\"'`])|[xX](?P<hex>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>[0-9a-fA-F]{8})|(?P<octal>[0-3][0-7]{2})|(?P<wrong>[\s\S]?))"
)
_PLAIN: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}

_HINTS: Final = {
    "=": "compare with `==`",
    "&": "write `&&`",
    "|": "write `||`",
    "$": "write the expression without `${` and `}` around it",
    ";": "an expression is one value, without statements",
    "`": "quoted names hold letters, digits, `_`, `.`, `-`, `/` and spaces",
}


@dataclass(slots=True, frozen=True)
class Token:
    """`kind` is `name`, `field` (a name in backquotes), `literal`, `end`, or the operator itself."""

    kind: str
    at: int
    value: Cel = None


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """All tokens from `start` on; raises on the first thing that is none. Ends with a token `end`."""
    at = start
    while True:
        if blank := _BLANK.match(text, at):
            at = blank.end()
        if at >= len(text):
            yield Token("end", at)
            return
        token, at = _token(text, at)
        yield token


def closing_brace(text: str, start: int) -> int:
    """Where the expression that starts here ends: the first `}` that it did not open itself."""
    depth = 0
    for token in tokens(text[: start + MAX_TEXT + 1], start):
        if token.kind == "{":
            depth += 1
        elif token.kind == "}":
            if depth == 0:
                return token.at
            depth -= 1
    if len(text) > start + MAX_TEXT:
        raise too_long(start)
    raise ExpressionError("syntax", "`${` is not closed", start, "add `}`, or write `$${` for a literal `${`")


def too_long(at: int) -> ExpressionError:
    """The text of one expression is bounded."""
    return ExpressionError(
        "size", f"the expression is longer than {MAX_TEXT:,} bytes", at, "move a part of it to a `set` node"
    )


def _token(text: str, at: int) -> tuple[Token, int]:
    if opening := _STRING.match(text, at):
        return _string(text, at, opening)
    if match := _NAME.match(text, at):
        return Token("name", at, match[0]), match.end()
    if match := _NUMBER.match(text, at):
        return Token("literal", at, _number(match, at)), match.end()
    if match := _OPERATOR.match(text, at):
        return Token(match[0], at), match.end()
    if match := _QUOTED_NAME.match(text, at):
        return Token("field", at, match[1]), match.end()
    raise _unexpected(text[at], at)


def _unexpected(char: str, at: int) -> ExpressionError:
    shown = char if char.isprintable() and not char.isspace() else f"U+{ord(char):04X}"
    hint = _HINTS.get(char, "" if char.isascii() else "names and operators are plain ASCII")
    return ExpressionError("syntax", f"unexpected character {shown}", at, hint)


def _number(match: re.Match[str], at: int) -> Cel:
    if match["double"]:
        value = float(match["double"])
        if math.isinf(value):
            raise ExpressionError("overflow", "the number is too large for a double", at)
        return value
    digits = match["int"]
    if len(digits.lstrip("0")) > 20:  # Python refuses to read very long numbers; CEL has none of them anyway
        raise _too_large(at)
    value = int(digits, 16) if digits[:2] in {"0x", "0X"} else int(digits)
    if value > (UINT_MAX if match["unsigned"] else INT_MAX + 1):
        raise _too_large(at)
    return Uint(value) if match["unsigned"] else value


def _too_large(at: int) -> ExpressionError:
    return ExpressionError("overflow", "the integer does not fit into 64 bits", at)


def _string(text: str, at: int, opening: re.Match[str]) -> tuple[Token, int]:
    prefix, quote = opening[1].lower(), opening[2]
    end = _end_of_string(text, opening.end(), quote, raw="r" in prefix)
    if end < 0:
        raise ExpressionError("syntax", "the string is not closed", at, f"end it with {quote}")
    body = text[opening.end() : end]
    value = _decoded(body, opening.end(), is_bytes="b" in prefix, raw="r" in prefix)
    return Token("literal", at, value), end + len(quote)


def _end_of_string(text: str, at: int, quote: str, *, raw: bool) -> int:
    single = len(quote) == 1
    while at < len(text):
        if text.startswith(quote, at):
            return at
        if single and text[at] in "\r\n":
            return -1
        at += 2 if text[at] == "\\" and not raw else 1
    return -1


def _decoded(body: str, at: int, *, is_bytes: bool, raw: bool) -> str | bytes:
    _refuse_unstorable(body, at)
    if raw and (len(body) - len(body.rstrip("\\"))) % 2:
        raise ExpressionError("syntax", "a raw string cannot end in a single backslash", at, "write '\\\\' instead")
    if raw or "\\" not in body:
        return body.encode() if is_bytes else body
    if is_bytes:
        return _unescaped_bytes(body, at)
    return _ESCAPE.sub(lambda match: chr(_code_point(match, at)), body)


def _refuse_unstorable(body: str, at: int) -> None:
    for index, char in enumerate(body):
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise _unexpected(char, at + index)


def _unescaped_bytes(body: str, at: int) -> bytes:
    parts: list[bytes] = []
    last = 0
    for match in _ESCAPE.finditer(body):
        if match["short"] or match["long"]:
            raise ExpressionError("syntax", "bytes have no \\u or \\U escapes", at + match.start(), "write \\x bytes")
        parts += [body[last : match.start()].encode(), bytes([_code_point(match, at)])]
        last = match.end()
    return b"".join([*parts, body[last:].encode()])


def _code_point(match: re.Match[str], at: int) -> int:
    if match["plain"]:
        return ord(_PLAIN.get(match["plain"], match["plain"]))
    if match["octal"]:
        return int(match["octal"], 8)
    digits = match["hex"] or match["short"] or match["long"]
    point = int(digits, 16) if digits else -1
    if not 0 <= point <= 0x10FFFF or 0xD800 <= point <= 0xDFFF:
        raise ExpressionError(
            "syntax", f"{match[0]} is no escape sequence", at + match.start(), "write \\\\ for a backslash"
        )
    return point
