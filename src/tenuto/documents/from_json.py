"""JSON to a value: strictly (no NaN, no duplicate keys, 64-bit integers), and where each part of it stands."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NoReturn

from tenuto.core.flow.findings import under
from tenuto.core.problems import Problem
from tenuto.core.values import INT_MAX, INT_MIN
from tenuto.documents.marks import Mark, Marks
from tenuto.documents.text import Refused, place

_MAX_DIGITS: Final = 25
_TOKEN: Final = re.compile(r'[ \t\r\n]*(?:("(?:[^"\\]|\\.)*")|([{}\[\]:,])|([^\s{}\[\]:,"]+))', re.DOTALL)


def parse(text: str) -> object:
    """The value in the text. Raises `Refused`."""
    try:
        return json.loads(
            text, parse_constant=_constant, parse_int=_whole, parse_float=_decimal, object_pairs_hook=_members
        )
    except json.JSONDecodeError as error:
        problem = Problem("", "json", f"the JSON cannot be read: {error.msg}", line=error.lineno, column=error.colno)
        raise Refused(problem) from None
    except _Wrong as wrong:
        raise Refused(wrong.placed(text)) from None
    except RecursionError:
        raise Refused(Problem("", "too_deep", "the document is nested too deep")) from None


def collect(text: str, marks: Marks) -> None:
    """Where keys and values of a text that `parse` could read stand, as far as they are wanted."""
    lines = _Lines(text)
    stack: list[_Open] = []
    for match in _TOKEN.finditer(text):
        string, sign, other = match.groups()
        top = stack[-1] if stack else None
        if sign == ":" or (sign == "," and top is not None and top.next()):
            continue
        if sign and sign in "}]":
            stack.pop()
        elif string and top is not None and top.key is None:
            top.key = json.loads(string)
            if (path := top.member()) in marks.wanted:
                marks.keys[str(path)] = lines.mark(match.start(1))
        else:
            path = "" if top is None else top.member()
            if path in marks.wanted:
                mark = lines.mark(match.start(match.lastindex or 0))
                exact = bool(string) and "\\" not in string
                marks.values[str(path)] = replace(mark, step=1, exact=exact) if string else mark
            if sign and not other:
                stack.append(_Open(path if path in marks.wanted else None, 0 if sign == "[" else None))


class _Open:
    """An object or list whose end has not come yet; `key` is None where the next string is a key."""

    __slots__ = ("key", "path")

    def __init__(self, path: str | None, key: int | None) -> None:
        self.path = path
        self.key: str | int | None = key

    def member(self) -> str | None:
        return None if self.path is None or self.key is None else under(self.path, self.key)

    def next(self) -> bool:
        self.key = self.key + 1 if isinstance(self.key, int) else None
        return True


class _Lines:
    """Line and column of rising positions."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.line = 1
        self.start = 0

    def mark(self, position: int) -> Mark:
        while (end := self.text.find("\n", self.start, position)) >= 0:
            self.line += 1
            self.start = end + 1
        return Mark(self.line, position - self.start + 1)


class _Wrong(Exception):
    """What JSON's grammar allows and a flow does not: the token, and whether its second occurrence is meant."""

    def __init__(self, code: str, message: str, token: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.token, self.hint = code, message, token, hint

    def placed(self, text: str) -> Problem:
        """The problem, at the first such token (a string that stands twice: at the second in the same object)."""
        twice = self.code == "duplicate_key"
        position = _second_key(text, self.token) if twice else next(_positions(text, self.token), 0)
        line, column = place(text[:position])
        return Problem("", self.code, self.message, self.hint, line=line, column=column)


def _positions(text: str, token: str) -> Iterator[int]:
    """What was refused is found before anything that cannot be read: nobody checks what follows it. It may go on in what
    is no part of it: of `1abc` the parser takes the number."""
    for match in _TOKEN.finditer(text):
        if match[3] and match[3].startswith(token):
            yield match.start(3)


def _second_key(text: str, name: str) -> int:
    """Where the key stands for the second time in one object."""
    seen: list[set[str]] = []
    before: tuple[str, int] = ("", 0)
    for match in _TOKEN.finditer(text):
        string, sign, _ = match.groups()
        if sign in {"{", "["}:
            seen.append(set())
        elif sign in {"}", "]"}:
            seen.pop()
        elif sign == ":" and seen:
            key, position = before
            if key == name and key in seen[-1]:
                return position
            seen[-1].add(key)
        elif string:
            before = (json.loads(string), match.start(1))
    return 0


def _constant(name: str) -> NoReturn:
    raise _Wrong("not_finite", f"{name} is no number that JSON knows", name)


def _whole(digits: str) -> int:
    number = int(digits) if len(digits) <= _MAX_DIGITS else INT_MAX + 1
    if not INT_MIN <= number <= INT_MAX:
        raise _Wrong("out_of_range", f"{digits[:40]} is a whole number of more than 64 bits", digits)
    return number


def _decimal(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise _Wrong("not_finite", f"{digits[:40]} is too large for a number", digits)
    return number


def _members(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                message = f"the key `{key[:60]}` stands twice in one object"
                raise _Wrong("duplicate_key", message, key, "keep one of them")
            seen.add(key)
    return members
