"""What is wrong with a document, said so that its author can mend it.

A wrong document is data, never an exception: readers collect `Problem`s and go on.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final, Literal

_LONGEST: Final = 100  # characters of a name: comparing two takes their product, and strangers may have chosen both

Severity = Literal["error", "warning"]


@dataclass(slots=True, frozen=True)
class Problem:
    """One finding. `path` is dotted (`nodes.plan.with.task`); line and column count from 1 where the source is text.

    `offset` counts characters from 0 inside the text at `path`, where the finding is about a part of an expression.
    """

    path: str
    code: str
    message: str
    hint: str = ""
    severity: Severity = "error"
    line: int | None = None
    column: int | None = None
    offset: int | None = None

    def __str__(self) -> str:
        """The one-line form that `tenuto check` prints: `path: code message (hint)`."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.path or '.'}: {self.code} {self.message}{hint}"


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """A hint that names the nearest choice, or nothing."""
    if len(name) > _LONGEST:
        return ""
    near = get_close_matches(name, [choice for choice in choices if len(choice) <= _LONGEST], n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""
