"""The one exception of expressions: what was wrong, where in the text, and what to do about it.

Compiling returns it, evaluating raises it. `offset` counts characters from the start of the text that was compiled.
"""

from collections.abc import Iterable
from typing import Final

from tenuto.core.problems import did_you_mean

UNKNOWN_OFFSET: Final = -1

# A budget that ran out ends the evaluation: `||`, `&&`, `exists` and `??` do not absorb it.
FATAL: Final = frozenset({"fuel", "size", "depth"})

# What `??` takes for the absence of a value.
ABSENT: Final = frozenset({"no_value", "missing_key"})


class ExpressionError(Exception):
    """A wrong expression, or one that met a value it cannot work with.

    Codes found when compiling: `syntax`, `unknown_function`, `arity`, `macro`, `secret`, `size`, `depth`.
    Codes met when evaluating: `no_value`, `missing_key`, `type`, `overflow`, `division_by_zero`, `not_finite`,
    `argument` (right type, wrong value), `fuel`, `size`, `depth`.
    """

    def __init__(
        self,
        code: str,
        message: str,
        offset: int = UNKNOWN_OFFSET,
        hint: str = "",
        near: tuple[str, Iterable[str]] | None = None,
    ) -> None:
        super().__init__(code, message, offset, hint)
        self.code = code
        self.message = message
        self.offset = offset
        self._hint = hint
        self._near = near

    @property
    def hint(self) -> str:
        """What to do about it. The nearest name is looked for only when somebody asks: absorbed errors are cheap."""
        return self._hint or (did_you_mean(*self._near) if self._near else "")

    def at(self, offset: int) -> "ExpressionError":
        """The same error, placed, unless it knows its place already."""
        if self.offset == UNKNOWN_OFFSET:
            self.offset = offset
        return self

    def moved(self, by: int) -> "ExpressionError":
        """A copy for a text in which the expression starts `by` characters later."""
        return ExpressionError(self.code, self.message, max(self.offset, 0) + by, self._hint, self._near)

    def __str__(self) -> str:
        """The message, with the hint where there is one."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


def wrong_type(message: str, hint: str = "") -> ExpressionError:
    """A value of a type that the operation does not take."""
    return ExpressionError("type", message, hint=hint)


def wrong_argument(message: str, hint: str = "") -> ExpressionError:
    """A value of the right type that the operation cannot use."""
    return ExpressionError("argument", message, hint=hint)
