"""Where things stand in a source: from the dotted path of a problem to a line and a column, both from 1.

Collected only when there are problems to place; a document without any is parsed once and never looked at again.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from tenuto.core.problems import Problem


@dataclass(slots=True, frozen=True)
class Mark:
    """Where a value, or a key, starts. `step` is how far its text starts behind that: 1 after a quote."""

    line: int
    column: int
    step: int = 0
    exact: bool = False  # the characters of the value stand one by one in the source, on one line
    block: bool = False  # a literal block: its lines stand below, indented


@dataclass(slots=True)
class Marks:
    """By path; keys and values apart, because an unknown key is pointed at by its name.

    `wanted` has the paths of the problems and of all that holds them: what lies elsewhere is not marked.
    """

    lines: list[str]
    wanted: frozenset[str] = frozenset()
    values: dict[str, Mark] = field(default_factory=dict[str, Mark])
    keys: dict[str, Mark] = field(default_factory=dict[str, Mark])
    texts: dict[str, str] = field(default_factory=dict[str, str])  # of literal blocks

    @classmethod
    def for_problems(cls, text: str, problems: Iterable[Problem]) -> "Marks":
        wanted: set[str] = {""}
        for problem in problems:
            path = problem.path
            while path and path not in wanted:
                wanted.add(path)
                path = holder(path)
        return cls(text.split("\n"), frozenset(wanted))

    def placed(self, problem: Problem) -> Problem:
        """The problem with its line and column, as near as they are known."""
        if problem.line is not None:
            return problem
        if problem.offset is not None and problem.path in self.values:
            line, column = self._inside(problem.path, problem.offset)
        else:
            mark = self._near(problem.path)
            line, column = mark.line, mark.column
        return replace(problem, line=line, column=column)

    def _near(self, path: str) -> Mark:
        """The key of that path, or of what holds it."""
        while path:
            mark = self.keys.get(path) or self.values.get(path)
            if mark is not None:
                return mark
            path = holder(path)
        return self.values.get("", Mark(1, 1))

    def _inside(self, path: str, offset: int) -> tuple[int, int]:
        mark = self.values[path]
        if mark.block:
            return self._in_block(mark, self.texts[path], offset)
        return mark.line, mark.column + (mark.step + offset if mark.exact else 0)

    def _in_block(self, mark: Mark, text: str, offset: int) -> tuple[int, int]:
        before = text[:offset]
        row = before.count("\n")
        start = before.rfind("\n") + 1
        line = mark.line + 1 + row
        written = text[start:].split("\n", 1)[0]
        source = self.lines[line - 1] if line <= len(self.lines) else ""
        indent = source.find(written)
        return (line, indent + (offset - start) + 1) if indent >= 0 else (mark.line, mark.column)


def holder(path: str) -> str:
    """The path of what holds that path."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]
