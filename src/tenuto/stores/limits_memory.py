"""Rate limits of one process: fixed windows by a clock that only goes forward.

Our own, because it is asked three times a request: half a microsecond a time. The libraries for this go by the wall clock
(set back, it locks everybody out), keep threads, or cost ten times as much (`docs/decisions`).
"""

import time
from collections.abc import Callable
from typing import Final

from tenuto.ports.limits import Rate, Verdict

_SWEEP: Final = 10_000  # new windows between two looks for those that have passed


class MemoryLimits:
    """The port `Limits`. A window begins with the first request after the one before it has passed."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[tuple[Rate, tuple[str, ...]], list[float]] = {}  # [count, when it ends]
        self._new = 0

    def hit(self, rate: Rate, *who: str) -> Verdict:
        now = self._clock()
        window = self._windows.get((rate, who))
        if window is None or window[1] <= now:
            window = self._windows[rate, who] = [0, now + rate.seconds]
            self._sweep(now)
        window[0] += 1
        left = rate.amount - int(window[0])
        return Verdict(left >= 0, rate, max(left, 0), max(int(window[1] - now + 0.999), 1))

    def _sweep(self, now: float) -> None:
        """So that a flood of names does not stay in memory."""
        self._new += 1
        if self._new >= _SWEEP:
            self._new = 0
            self._windows = {key: window for key, window in self._windows.items() if window[1] > now}
