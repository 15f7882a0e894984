"""What a reader has found so far, and the few ways in which it looks at a JSON value.

Everything that reads a document writes its problems here and goes on. Bounded: a document of a million mistakes costs
no more than one of five hundred.
"""

from collections.abc import Iterable, Mapping
from typing import Final, cast

from tenuto.core.problems import Problem, Severity, did_you_mean

MAX_PROBLEMS: Final = 500
_MAX_HINTS: Final = 50
_MAX_CHOICES: Final = 2_000
_LONG_NAME: Final = 80
_WORDS: Final[Mapping[type, str]] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


class Findings:
    """Problems in the order in which they were met."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.failed = False
        self._dropped = 0
        self._hints = 0

    def error(self, path: str, code: str, message: str, hint: str = "", *, offset: int | None = None) -> None:
        self.failed = True
        self._add(path, code, message, hint, "error", offset)

    def warn(self, path: str, code: str, message: str, hint: str = "", *, offset: int | None = None) -> None:
        self._add(path, code, message, hint, "warning", offset)

    def suggest(self, name: str, choices: Iterable[str]) -> str:
        """A "did you mean", as long as guessing stays cheap: it compares with every choice."""
        if self._hints >= _MAX_HINTS or len(name) > _LONG_NAME:
            return ""
        self._hints += 1
        near = [choice for choice in choices if abs(len(choice) - len(name)) <= max(2, len(name) // 2)]
        return did_you_mean(name, near[:_MAX_CHOICES])

    def finished(self) -> list[Problem]:
        """All problems, and a last one that counts those left out."""
        if self._dropped:
            more = Problem("", "too_many_problems", f"{self._dropped} more problems are not shown", "mend these first")
            return [*self.problems, more]
        return self.problems

    def _add(self, path: str, code: str, message: str, hint: str, severity: Severity, offset: int | None) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            self._dropped += 1
        else:
            self.problems.append(Problem(path, code, message, hint, severity, offset=offset))


def mapping(value: object) -> Mapping[str, object] | None:
    """The value if it is a JSON object."""
    if type(value) is dict or isinstance(value, Mapping):  # asking an abstract class first is ten times slower
        return cast("Mapping[str, object]", value)
    return None


def listing(value: object) -> list[object] | None:
    """The value if it is a JSON list."""
    return cast("list[object]", value) if isinstance(value, list) else None


def integer(value: object) -> int | None:
    """The value if it is a whole number; `true` is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(value: object) -> float | None:
    """The value if it is a number; `true` is none."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def under(path: str, key: str | int) -> str:
    """The path of a member: `nodes.plan`, `after[2]`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def what(value: object) -> str:
    """The kind of a JSON value, in words for a sentence."""
    if value is None:
        return "nothing"
    for kind, name in _WORDS.items():
        if isinstance(value, kind):
            return name
    return "no JSON value"


def brief(value: object, width: int = 40) -> str:
    """The value as a sentence can show it: short, and on one line."""
    text = str(value)
    shown = text if len(text) <= width else f"{text[: width - 3]}..."
    return shown.replace("\n", "\\n").replace("\r", "\\r")


def has_expression(value: object) -> bool:
    """Whether a text holds `${`, rightly escaped ones aside. Only the expressions' own lexer knows more."""
    return isinstance(value, str) and "${" in value.replace("$${", "")
