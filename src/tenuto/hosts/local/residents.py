"""Who is in memory. Runs in which nothing is in flight leave when they have been idle for a while, or when too many are.

Of a run that left only its id is kept (and its timers, elsewhere): it comes back from the journal when it is needed.
Runs that are queued will be needed for certain, and those that came first the soonest: many more of them stay.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator

from tenuto.hosts.local.options import Clock, Options
from tenuto.hosts.local.run import Run

QUEUED = 10  # so many times as many queued runs stay as idle ones


class Residents:
    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._runs: dict[str, Run] = {}
        self._quiet: OrderedDict[str, float] = OrderedDict()  # run → loop time since when; the longest idle first
        self._queued: dict[str, None] = {}  # quiet runs that have not begun; the last to come last
        self._evicted: set[str] = set()
        self._at_work: dict[str, int] = {}  # tenant → how many of its runs have something in flight
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
        self._count(run, 1)

    def remove(self, run: Run) -> None:
        """It has ended."""
        if self._runs.pop(run.id, None) is not None and not self._was_quiet(run):
            self._count(run, -1)
        self._evicted.discard(run.id)

    def was_evicted(self, run: str) -> bool:
        """Whether this owner had the run in memory before, so that nothing about it is in doubt."""
        return run in self._evicted

    def became_quiet(self, run: Run) -> list[Run]:
        """Remember since when; answers who left for it."""
        if run.id not in self._runs:
            return []
        if not self._was_quiet(run):
            self._count(run, -1)
        if run.entry.status == "queued":
            self._queued[run.id] = None
            return self._evict_queued()
        self._quiet[run.id] = asyncio.get_running_loop().time()
        if self._handle is None:
            self._handle = asyncio.get_running_loop().call_later(self._options.idle, self._sweep)
        surplus = len(self._quiet) - self._options.resident
        return self._evict(surplus) if surplus > 0 else []

    def became_busy(self, run: Run) -> None:
        if self._was_quiet(run):
            self._count(run, 1)

    def _was_quiet(self, run: Run) -> bool:
        """Strikes it off."""
        return self._quiet.pop(run.id, None) is not None or self._queued.pop(run.id, self._quiet) is None

    def at_work_of(self, tenant: str) -> int:
        return self._at_work.get(tenant, 0)

    def _count(self, run: Run, change: int) -> None:
        tenant = run.entry.tenant
        count = self._at_work.get(tenant, 0) + change
        if count:
            self._at_work[tenant] = count
        else:
            del self._at_work[tenant]

    @property
    def at_work(self) -> int:
        """How many runs have something in flight."""
        return len(self._runs) - len(self._quiet) - len(self._queued)

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

    def _evict_queued(self) -> list[Run]:
        if len(self._queued) <= self._options.resident * QUEUED:
            return []
        return self._leave(self._queued.popitem()[0])

    def _leave(self, run: str) -> list[Run]:
        """It leaves, if nothing of it is in flight."""
        found = self._runs.get(run)
        if found is None:
            return []
        if not (found.quiet and found.settled):
            self._count(found, 1)
            return []
        del self._runs[run]
        self._evicted.add(run)
        return [found]

    def _evict(self, count: int) -> list[Run]:
        """Those that are quiet for longest leave; who has become busy since is struck off the list instead."""
        left: list[Run] = []
        for _ in range(count):
            left += self._leave(self._quiet.popitem(last=False)[0])
        return left
