"""What a use case answers where it cannot do what was asked: `Refused`, and `Invalid` where there is a list of problems."""

from collections.abc import Collection, Sequence

from tenuto.core.flow.model import STRUCTURE
from tenuto.core.problems import Problem, did_you_mean
from tenuto.ports.engine import Refused

__all__ = ["STRUCTURE", "Invalid", "Problem", "Refused", "did_you_mean", "unknown_names"]

_SHOWN = 3


class Invalid(Refused):
    """A document or an input that breaks its rules; `problems` says each one."""

    def __init__(self, what: str, problems: Sequence[Problem], hint: str = "") -> None:
        self.problems = list(problems)
        super().__init__("invalid", _sentence(what, self.problems), hint)


def unknown_names(what: str, names: Sequence[str], known: Collection[str]) -> Invalid:
    """Names that nobody knows, such as of parameters, and those that there are."""
    takes = f"it takes {', '.join(f'`{name}`' for name in sorted(known))}" if known else "it takes none"
    problems = [Problem(name, "unknown", "there is no such name") for name in names]
    return Invalid(what, problems, did_you_mean(names[0], known) or takes)


def _sentence(what: str, problems: list[Problem]) -> str:
    said = "; ".join(
        f"{problem.path}: {problem.message}" if problem.path else problem.message for problem in problems[:_SHOWN]
    )
    more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
    return f"{what}: {said}{more}"
