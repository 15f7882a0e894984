"""A circuit breaker: after some failures in a row nobody asks for a while, then one asks for all.

Pure: it is told the time. One for each place where models answer, shared by all runs.
"""

from dataclasses import dataclass, field
from typing import Final

from tenuto.ports.models import State

FAILURES: Final = 5  # in a row
FIRST: Final = 30.0  # seconds
LONGEST: Final = 300.0


@dataclass(slots=True)
class Breaker:
    """`closed`: everybody may ask. `open`: nobody before `until`. Then `half-open`: one may, and how that goes decides."""

    limit: int = FAILURES
    first: float = FIRST
    longest: float = LONGEST
    failures: int = field(default=0, init=False)
    until: float = field(default=0.0, init=False)
    _probing: bool = field(default=False, init=False)

    def state(self, now: float) -> State:
        if self.failures < self.limit:
            return "closed"
        return "open" if now < self.until else "half-open"

    def wait(self, now: float) -> float:
        """Seconds until it may be asked again. 0: now, and the asker must say how it went (`succeeded`, `failed`, `left`)."""
        state = self.state(now)
        if state == "open":
            return self.until - now
        if state == "half-open":
            if self._probing:
                return 1.0  # somebody is asking right now
            self._probing = True
        return 0.0

    def succeeded(self) -> None:
        """It answered, be it with a refusal of what was asked."""
        self.failures = 0
        self._probing = False

    def failed(self, now: float, *, asked_to_wait: float | None = None) -> None:
        """What was under way when it opened says nothing new."""
        self._probing = False
        if self.state(now) == "open":
            return
        self.failures += 1
        if self.failures >= self.limit:
            pause = min(self.longest, self.first * 2 ** min(self.failures - self.limit, 10))
            self.until = now + max(pause, min(asked_to_wait or 0.0, self.longest))

    def left(self) -> None:
        """The asker was told to stop: nothing is known."""
        self._probing = False
