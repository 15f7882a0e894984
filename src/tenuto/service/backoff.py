"""How often somebody may be wrong: after so many failures in a row one waits, twice as long after each further one.

It counts by what was tried, whether that exists or not, so that the answer says nothing about it.
"""

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Final

_KEPT: Final = 20_000


@dataclass(slots=True)
class Backoff:
    """`free`: failures without consequence. `first`, `longest`: seconds. After `forgotten` without a failure all is well."""

    free: int
    first: float = 2.0
    longest: float = 900.0
    forgotten: float = 3_600.0
    _failures: OrderedDict[Hashable, tuple[int, float]] = field(
        default_factory=OrderedDict[Hashable, tuple[int, float]]
    )

    def wait(self, key: Hashable, now: float) -> float:
        """Seconds until the next try is heard; 0: now."""
        count, last = self._failures.get(key, (0, 0.0))
        if count < self.free or now - last > self.forgotten:
            return 0.0
        pause = min(self.longest, self.first * 2 ** min(count - self.free, 30))
        return max(0.0, last + pause - now)

    def failed(self, key: Hashable, now: float) -> None:
        count, last = self._failures.get(key, (0, now))
        self._failures[key] = (1 if now - last > self.forgotten else count + 1, now)
        self._failures.move_to_end(key)
        while len(self._failures) > _KEPT:
            self._failures.popitem(last=False)

    def succeeded(self, key: Hashable) -> None:
        self._failures.pop(key, None)
