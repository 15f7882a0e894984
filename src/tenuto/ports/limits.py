"""Rate limits: how often somebody has asked of late, counted so that a change of the clock on the wall does not matter."""

from typing import NamedTuple, Protocol


class Rate(NamedTuple):
    """So many in so many seconds. A tuple: its hash is asked for at every request."""

    amount: int
    seconds: int


class Verdict(NamedTuple):
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
