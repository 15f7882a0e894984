"""YAML to a JSON value, by the core schema of YAML 1.2 (SEMANTICS 1): `yes`, `on`, `1:30` and dates are text.

The events come from libyaml; what they mean is decided here, iteratively, so that no nesting overflows a stack.
Anchors, aliases, tags, merge keys, duplicate keys and several documents are refused.
"""

import math
import re
from collections.abc import Iterator
from typing import Any, Final, cast

import yaml

from tenuto.core.flow.findings import under
from tenuto.core.problems import Problem
from tenuto.core.values import INT_MAX, INT_MIN
from tenuto.documents.marks import Mark, Marks
from tenuto.documents.text import Refused

MAX_DEPTH: Final = 200
_INT: Final = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OCTAL: Final = re.compile(r"0o[0-7]+", re.ASCII)
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_WORDS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_MAX_DIGITS: Final = 25
_QUOTE: Final = 'quote the expression: write "${a ? 1 : 2}" with quotes around it'


def parse(text: str, marks: Marks | None = None) -> object:
    """The value of the one document in the text; fills `marks` if given. Raises `Refused`."""
    try:
        return _Builder(marks, text).build(_events(text))
    except yaml.MarkedYAMLError as error:
        raise Refused(_syntax(error, text)) from None
    except yaml.YAMLError as error:
        raise Refused(Problem("", "yaml", _unreadable(error))) from None


class _Builder:
    """One pass over the events, with a stack of the objects and lists that are open."""

    def __init__(self, marks: Marks | None, text: str) -> None:
        self.marks = marks
        self.text = text
        self.documents = 0
        self.result: object = None
        self.stack: list[_Open] = []

    def build(self, events: Iterator[Any]) -> object:
        for event in events:
            kind = cast("type[Any]", type(event))
            if kind is yaml.ScalarEvent:
                self.scalar(event)
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                self.opened(event, {} if kind is yaml.MappingStartEvent else [])
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.stack.pop()
            elif kind is yaml.AliasEvent:
                raise _refused(event, "anchor", f"`*{event.anchor}` refers to an anchor", "write the value out")
            elif kind is yaml.DocumentStartEvent:
                self.document(event)
        if not self.documents:
            raise Refused(
                Problem("", "empty", "the document is empty", "write `flow: NAME` and `nodes:`", line=1, column=1)
            )
        return self.result

    def document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            raise _refused(
                event, "several_documents", "a file holds one flow; here a second document starts", "remove the `---`"
            )

    def scalar(self, event: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            raise _unwanted(event)
        top = self.stack[-1] if self.stack else None
        if top is not None and top.members is not None and top.key is None:
            top.key = self.key(event, top)
            return
        value = event.value if not event.implicit[0] or event.style else _plain(event)
        self.add(value, event, top)

    def key(self, event: Any, top: "_Open") -> str:
        name = event.value
        if name == "<<" and not event.style:
            raise _refused(event, "merge_key", "`<<` merges keys, which flows do not have", "write the keys out")
        assert top.members is not None
        if name in top.members:
            raise _refused(
                event, "duplicate_key", f"the key `{name[:60]}` stands twice in one object", "keep one of them"
            )
        if self.marks is not None and top.path is not None and (path := under(top.path, name)) in self.marks.wanted:
            self.marks.keys[path] = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        return name

    def opened(self, event: Any, value: Any) -> None:
        if event.anchor is not None or event.tag is not None:
            raise _unwanted(event)
        top = self.stack[-1] if self.stack else None
        if top is not None and top.members is not None and top.key is None:
            raise _key_expected(event, self.text)
        if len(self.stack) >= MAX_DEPTH:
            raise _refused(event, "too_deep", f"the document is nested deeper than {MAX_DEPTH} levels")
        path = self.add(value, event, top)
        self.stack.append(_Open(value, path))

    def add(self, value: object, event: Any, top: "_Open | None") -> str | None:
        """Put the value where it belongs; gives its path where that is of interest."""
        path = None if self.marks is None else self.mark(self.marks, value, event, top)
        if top is None:
            self.result = value
        elif top.members is not None:
            assert top.key is not None
            top.members[top.key] = value
            top.key = None
        else:
            top.items.append(value)
        return path

    def mark(self, marks: Marks, value: object, event: Any, top: "_Open | None") -> str | None:
        if top is None:
            path = ""
        elif top.path is None:
            return None
        else:
            path = under(top.path, len(top.items) if top.key is None else top.key)
        if path not in marks.wanted:
            return None
        self.place(marks, path, value, event)
        return path

    def place(self, marks: Marks, path: str, value: object, event: Any) -> None:
        start, end = event.start_mark, event.end_mark
        style = getattr(event, "style", None)
        block = style == "|"
        if block and isinstance(value, str):
            marks.texts[path] = value
        step = 1 if style in {"'", '"'} else 0
        one_line = (
            start.line == end.line and end.column - start.column == len(value) + 2 * step
            if isinstance(value, str)
            else False
        )
        marks.values[path] = Mark(start.line + 1, start.column + 1, step, exact=one_line, block=block)


class _Open:
    """An object or list whose end has not come yet."""

    __slots__ = ("items", "key", "members", "path")

    def __init__(self, value: Any, path: str | None) -> None:
        self.members: dict[str, object] | None = value if isinstance(value, dict) else None
        self.items: list[object] = value if isinstance(value, list) else []
        self.key: str | None = None
        self.path = path


def _plain(event: Any) -> object:
    """What an unquoted text means by the core schema."""
    text: str = event.value
    if text in _NULLS:
        return None
    first = text[0]
    if first in "tTfF":
        return _WORDS.get(text, text)
    if first not in "0123456789+-.":
        return text
    number = _number(text, event)
    return text if number is None else number


def _number(text: str, event: Any) -> int | float | None:
    if _INT.fullmatch(text):
        return _whole(text, 10, event)
    if _OCTAL.fullmatch(text):
        return _whole(text[2:], 8, event)
    if _HEX.fullmatch(text):
        return _whole(text[2:], 16, event)
    if _NOT_FINITE.fullmatch(text):
        raise _refused(event, "not_finite", f"{text} is no number that JSON knows", "quote it if it is text")
    if not _FLOAT.fullmatch(text):
        return None
    number = float(text)
    if not math.isfinite(number):
        raise _refused(event, "not_finite", f"{text[:40]} is too large for a number", "quote it if it is text")
    return number


def _whole(digits: str, base: int, event: Any) -> int:
    number = int(digits, base) if len(digits) <= _MAX_DIGITS else INT_MAX + 1
    if INT_MIN <= number <= INT_MAX:
        return number
    raise _refused(
        event, "out_of_range", f"{digits[:40]} is a whole number of more than 64 bits", "quote it if it is text"
    )


def _events(text: str) -> Iterator[Any]:
    """Libyaml's events; the library's own annotations do not say what they are."""
    return cast("Any", yaml).parse(text, Loader=yaml.CLoader)


def _unwanted(event: Any) -> Refused:
    if event.anchor is not None:
        return _refused(
            event, "anchor", f"`&{event.anchor}` is an anchor, which flows do not have", "write the value out"
        )
    return _refused(
        event, "tag", f"`{event.tag[:60]}` is a tag, which flows do not have", "remove it; quote what is text"
    )


def _key_expected(event: Any, text: str) -> Refused:
    line = _line(text, event.start_mark.line)
    hint = _QUOTE if "${" in line else 'quote it if it is text: "{…}"'
    return _refused(event, "yaml", "an object or list stands where a key should", hint)


def _refused(event: Any, code: str, message: str, hint: str = "") -> Refused:
    mark = event.start_mark
    return Refused(Problem("", code, message, hint, line=mark.line + 1, column=mark.column + 1))


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    said = " ".join(part for part in (error.context, error.problem) if part) or "the YAML cannot be read"
    near = _line(text, line) + (_line(text, error.context_mark.line) if error.context_mark else "")
    hint = _QUOTE if "${" in near else _tab_hint(_line(text, line))
    return Problem("", "yaml", said, hint, line=line + 1, column=(mark.column if mark else 0) + 1)


def _tab_hint(line: str) -> str:
    return "indent with spaces, not with tabs" if line[: len(line) - len(line.lstrip())].count("\t") else ""


def _line(text: str, number: int) -> str:
    lines = text.split("\n", number + 1)
    return lines[number] if number < len(lines) else ""


def _unreadable(error: yaml.YAMLError) -> str:
    return f"the YAML cannot be read: {' '.join(str(error).split())[:200]}"
