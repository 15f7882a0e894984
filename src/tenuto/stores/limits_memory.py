"""Rate limits of one process: the fixed windows of `limits`, over a storage that keeps no threads and trusts no wall clock.

The storage that comes with `limits` starts a thread every few milliseconds and goes by `time.time()`; a clock set back
would lock everybody out.
"""

import time
from collections.abc import Callable
from typing import Final

from limits import RateLimitItemPerSecond
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter

from tenuto.ports.limits import Rate, Verdict

_SWEEP: Final = 10_000  # new names between two sweeps of what has expired


class MemoryLimits:
    """The port `Limits`."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._windows = Windows(clock)
        self._limiter = FixedWindowRateLimiter(self._windows)
        self._items: dict[Rate, RateLimitItemPerSecond] = {}

    def hit(self, rate: Rate, *who: str) -> Verdict:
        item = self._items.get(rate)
        if item is None:
            item = self._items[rate] = RateLimitItemPerSecond(rate.amount, rate.seconds)
        allowed = self._limiter.hit(item, *who)
        count, reset = self._windows.last
        return Verdict(allowed, rate, max(rate.amount - count, 0), reset)


class Windows(Storage):
    """Counters that start anew when their window has passed. `last`: the counter that was asked last, and its seconds left."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock
        self._counters: dict[str, list[float]] = {}  # key → [count, when its window ends]
        self._since_sweep = 0
        self.last = (0, 0)

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        now = self._clock()
        counter = self._counters.get(key)
        if counter is None or counter[1] <= now:
            counter = self._counters[key] = [0, now + expiry]
            self._sweep(now)
        counter[0] += amount
        self.last = (int(counter[0]), max(int(counter[1] - now + 0.999), 1))
        return self.last[0]

    def get(self, key: str) -> int:
        counter = self._counters.get(key)
        return int(counter[0]) if counter is not None and counter[1] > self._clock() else 0

    def get_expiry(self, key: str) -> float:
        """`limits` asks for wall time."""
        counter = self._counters.get(key)
        return time.time() + (counter[1] - self._clock() if counter is not None else 0)

    def decr(self, key: str, amount: int = 1) -> int:
        counter = self._counters.get(key)
        if counter is not None:
            counter[0] = max(counter[0] - amount, 0)
        return self.get(key)

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        count = len(self._counters)
        self._counters.clear()
        return count

    def clear(self, key: str) -> None:
        self._counters.pop(key, None)

    def _sweep(self, now: float) -> None:
        """So that a flood of names does not stay in memory."""
        self._since_sweep += 1
        if self._since_sweep >= _SWEEP:
            self._since_sweep = 0
            self._counters = {key: counter for key, counter in self._counters.items() if counter[1] > now}
