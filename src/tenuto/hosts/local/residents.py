"""Who is in memory. Runs in which nothing is in flight leave when they have been idle for a while, or when too many are.

Of a run that left only its id is kept (and its timers, elsewhere): it comes back from the journal when it is needed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator

from tenuto.hosts.local.options import Clock, Options
from tenuto.hosts.local.run import Run


class Residents:
    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._runs: dict[str, Run] = {}
        self._quiet: OrderedDict[str, float] = OrderedDict()  # run → loop time since when; the longest idle first
        self._evicted: set[str] = set()
        self._handle: asyncio.TimerHandle | None = None

    def __contains__(self, run: str) -> bool:
        return run in self._runs

    def __iter__(self) -> Iterator[Run]:
        return iter(list(self._runs.values()))

    def __len__(self) -> int:
        return len(self._runs)

    def get(self, run: str) -> Run | None:
        return self._runs.get(run)

    def add(self, run: Run) -> None:
        self._runs[run.id] = run
        self._evicted.discard(run.id)

    def remove(self, run: Run) -> None:
        """It has ended."""
        self._runs.pop(run.id, None)
        self._quiet.pop(run.id, None)
        self._evicted.discard(run.id)

    def was_evicted(self, run: str) -> bool:
        """Whether this owner had the run in memory before, so that nothing about it is in doubt."""
        return run in self._evicted

    def became_quiet(self, run: Run) -> list[Run]:
        """Remember since when; answers who left for it."""
        if run.id not in self._runs:
            return []
        self._quiet[run.id] = asyncio.get_running_loop().time()
        self._quiet.move_to_end(run.id)
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(self._options.idle, self._sweep)
        surplus = len(self._quiet) - self._options.resident
        return self._evict(surplus) if surplus > 0 else []

    def became_busy(self, run: Run) -> None:
        self._quiet.pop(run.id, None)

    @property
    def at_work(self) -> int:
        """How many runs have something in flight."""
        return len(self._runs) - len(self._quiet)

    def close(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _sweep(self) -> None:
        self._handle = None
        limit = asyncio.get_running_loop().time() - self._options.idle
        due = 0
        for since in self._quiet.values():
            if since > limit:
                break
            due += 1
        self._evict(due)
        if self._quiet:
            self._handle = asyncio.get_running_loop().call_later(self._options.idle / 2, self._sweep)

    def _evict(self, count: int) -> list[Run]:
        """Those that are quiet for longest leave; who has become busy since is struck off the list instead."""
        left: list[Run] = []
        for _ in range(count):
            run = self._runs.get(self._quiet.popitem(last=False)[0])
            if run is not None and run.quiet and run.settled:
                del self._runs[run.id]
                self._evicted.add(run.id)
                left.append(run)
        return left
