"""Markdown with YAML front matter, taken apart: what stands between two lines of `---`, and the text below.

Files of other programs hold lines such as `description: Use it so. Example: …`, which is no YAML; such a line is read as
the text that its author meant, with a warning. Raises nothing but `Refused`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from json import dumps
from typing import Final

from tenuto.core.flow.findings import mapping, what
from tenuto.core.problems import Problem
from tenuto.documents import from_yaml
from tenuto.documents.marks import Marks
from tenuto.documents.text import Refused, decode

_FENCE: Final = re.compile(r"---[ \t]*")
_LINE: Final = re.compile(r"\r\n?")
_KEY: Final = re.compile(r"([A-Za-z_][\w-]*):[ \t]+(?P<value>\S.*)?")
_TOP: Final = re.compile(r"[^\s#-]")
_NOT_PLAIN: Final = frozenset("|>[{\"'&!")
_MENDABLE: Final = frozenset({"yaml", "anchor"})
_MOST_MENDED: Final = 200  # members: front matter of people has a dozen


@dataclass(slots=True, frozen=True)
class FrontMatter:
    """`head`: the YAML, `above`: how many lines stand before it. `problems`: warnings, placed."""

    fields: Mapping[str, object]
    body: str
    head: str
    above: int
    problems: tuple[Problem, ...] = ()

    @property
    def body_line(self) -> int:
        """Where the body starts, from 1."""
        return self.above + self.head.count("\n") + 2

    def placed(self, problems: list[Problem]) -> list[Problem]:
        """The problems with the lines where they stand in the whole text."""
        if not problems:
            return []
        marks = Marks.for_problems(self.head, problems)
        if self.fields:
            from_yaml.parse(self.head, marks)
        return [_lower(marks.placed(problem), self.above) if problem.line is None else problem for problem in problems]


def take_apart(source: bytes | str) -> FrontMatter:
    """Raises `Refused` where there is no front matter, or none that can be read."""
    text = decode(source)
    if isinstance(text, Problem):
        raise Refused(text)
    lines = _LINE.sub("\n", text).split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), len(lines) - 1)
    if not _FENCE.fullmatch(lines[first]):
        raise Refused(_problem("no_front_matter", "the file does not begin with a line `---`", first + 1))
    end = next((n for n in range(first + 1, len(lines)) if _FENCE.fullmatch(lines[n])), None)
    if end is None:
        raise Refused(_problem("no_front_matter", "the front matter has no end: a second line `---`", first + 1))
    head, above = "".join(f"{line}\n" for line in lines[first + 1 : end]), first + 1
    return _read(head, "\n".join(lines[end + 1 :]), above)


def _read(head: str, body: str, above: int) -> FrontMatter:
    try:
        return FrontMatter(_fields(head), body, head, above)
    except Refused as refused:
        mended, warnings = _mended(head) if refused.problem.code in _MENDABLE else (head, [])
        if not warnings:
            raise Refused(_lower(refused.problem, above)) from None
        try:
            fields = _fields(mended)
        except Refused:
            raise Refused(_lower(refused.problem, above)) from None
        return FrontMatter(fields, body, mended, above, tuple(_lower(warning, above) for warning in warnings))


def _fields(head: str) -> Mapping[str, object]:
    try:
        value = from_yaml.parse(head)
    except Refused as refused:
        if refused.problem.code == "empty":
            return {}
        raise
    fields = mapping(value if value is not None else {})
    if fields is None:
        raise Refused(Problem("", "wrong_type", f"the front matter is {what(value)}, not keys", _HINT, line=1))
    return fields


def _mended(head: str) -> tuple[str, list[Problem]]:
    """The YAML with the lines quoted that are none by themselves, line for line; and what was done."""
    mended: list[str] = []
    warnings: list[Problem] = []
    members = list(_members(head.split("\n")[:-1]))
    if len(members) > _MOST_MENDED:
        return head, []
    for lines in members:
        key = _KEY.fullmatch(lines[0])
        if key is None or not key["value"] or key["value"][0] in _NOT_PLAIN or _parses("\n".join(lines)):
            mended += lines
            continue
        text = "\n".join([key["value"], *(line.strip() for line in lines[1:])]).rstrip().replace("\\n", "\n")
        mended += [f"{key[1]}: {dumps(text, ensure_ascii=False)}", *[""] * (len(lines) - 1)]
        warnings.append(_unquoted(key[1], len(mended) - len(lines) + 1))
    return "".join(f"{line}\n" for line in mended), warnings


def _members(lines: list[str]) -> Iterator[list[str]]:
    """The lines of each member of the top level."""
    starts = [number for number, line in enumerate(lines) if _TOP.match(line)]
    for start, end in pairwise(sorted({0, *starts, len(lines)})):
        yield lines[start:end]


def _parses(text: str) -> bool:
    try:
        from_yaml.parse(text)
    except Refused:
        return False
    return True


def _unquoted(key: str, line: int) -> Problem:
    message = f"`{key[:60]}` is no YAML as it stands, and is read as text"
    return Problem(key, "unquoted", message, "put it in quotes", "warning", line=line, column=1)


_HINT: Final = "begin with `---`, `name: my-agent`, `---`, and say below who the agent is"


def _problem(code: str, message: str, line: int) -> Problem:
    return Problem("", code, message, _HINT, line=line, column=1)


def _lower(problem: Problem, above: int) -> Problem:
    return problem if problem.line is None else replace(problem, line=problem.line + above)
