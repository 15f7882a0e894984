"""Rate limits: how often somebody has asked of late, counted so that a change of the clock on the wall does not matter."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Rate:
    """So many in so many seconds."""

    amount: int
    seconds: int

    def __str__(self) -> str:
        return f"{self.amount}/{self.seconds}s"


@dataclass(slots=True, frozen=True)
class Verdict:
    """`remaining` of the rate until it starts anew in `reset` seconds. `rate` is the one that has the least left."""

    allowed: bool
    rate: Rate
    remaining: int
    reset: int


class Limits(Protocol):
    def hit(self, rate: Rate, *who: str) -> Verdict:
        """Count one request of `who` (words that name the kind of limit and the asker). One that is refused counts too:
        who does not wait goes on waiting."""
        ...
