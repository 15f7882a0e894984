"""The timers of all runs: one heap, and one wake-up of the loop for the earliest.

Never early: due times are wall-clock, so whatever woke us, the clock is asked again. The loop is woken at least every
few seconds while anything is set, so that a clock that was put forward is noticed. Many that are due at once fire in
slices, so that nothing else is held up. A run needs nothing else in memory for its timers.
"""

import asyncio
import heapq
from collections.abc import Callable

from tenuto.hosts.local.options import Clock

LONGEST_SLEEP = 5.0
SLICE = 200


class Timers:
    def __init__(self, clock: Clock, fire: Callable[[str, str], None]) -> None:
        self._clock = clock
        self._fire = fire
        self._heap: list[tuple[float, str, str]] = []
        self._due: dict[str, dict[str, float]] = {}  # run → path → due; what the heap holds besides is stale
        self._stale = 0
        self._handle: asyncio.Handle | None = None
        self._wakes_at = 0.0
        self._closed = False

    def set(self, run: str, path: str, due: float) -> None:
        """Setting the same timer again is harmless."""
        paths = self._due.setdefault(run, {})
        if paths.get(path) == due:
            return
        self._stale += path in paths
        paths[path] = due
        heapq.heappush(self._heap, (due, run, path))
        if self._handle is None or due < self._wakes_at:
            self._sleep()

    def forget(self, run: str) -> None:
        """The run has ended: none of its timers matters."""
        self._stale += len(self._due.pop(run, ()))
        if self._stale > 1_000 and self._stale * 2 > len(self._heap):
            self._compact()

    def next_due(self, run: str) -> float | None:
        return min(self._due.get(run, {}).values(), default=None)

    @property
    def count(self) -> int:
        return sum(map(len, self._due.values()))

    def check(self) -> None:
        """Fire what is due. Called by the loop, and by tests that moved their clock."""
        now = self._clock()
        for _ in range(SLICE):
            if not self._heap or self._heap[0][0] > now:
                break
            self._pop()
        self._sleep()

    def close(self) -> None:
        self._closed = True
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _pop(self) -> None:
        due, run, path = heapq.heappop(self._heap)
        paths = self._due.get(run)
        if paths is None or paths.get(path) != due:
            self._stale -= 1
            return
        del paths[path]
        if not paths:
            del self._due[run]
        self._fire(run, path)

    def _sleep(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if not self._heap or self._closed:
            return
        self._wakes_at = self._heap[0][0]
        delay = min(max(self._wakes_at - self._clock(), 0.0), LONGEST_SLEEP)
        self._handle = asyncio.get_running_loop().call_later(delay, self.check)

    def _compact(self) -> None:
        self._heap = [(due, run, path) for run, paths in self._due.items() for path, due in paths.items()]
        heapq.heapify(self._heap)
        self._stale = 0
        self._sleep()
