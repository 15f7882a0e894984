"""What a use case answers where it cannot do what was asked: `Refused`, and `Invalid` where there is a list of problems."""

from collections.abc import Sequence

from tenuto.core.flow.model import STRUCTURE
from tenuto.core.problems import Problem, did_you_mean
from tenuto.ports.engine import Refused

__all__ = ["STRUCTURE", "Invalid", "Problem", "Refused", "did_you_mean"]

_SHOWN = 3


class Invalid(Refused):
    """A document or an input that breaks its rules; `problems` says each one."""

    def __init__(self, what: str, problems: Sequence[Problem], hint: str = "") -> None:
        self.problems = list(problems)
        super().__init__("invalid", _sentence(what, self.problems), hint)


def _sentence(what: str, problems: list[Problem]) -> str:
    said = "; ".join(
        f"{problem.path}: {problem.message}" if problem.path else problem.message for problem in problems[:_SHOWN]
    )
    more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
    return f"{what}: {said}{more}"
