"""Named pools: how many nodes of one kind run at once across all runs, and how many begin in a second.

First come, first served. A node without a pool never comes here; a pool that no setting names has no limit.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping

from tenuto.hosts.local.options import PoolLimit


class Ticket:
    """A place in a pool, or in its queue."""

    __slots__ = ("held", "pool")

    def __init__(self, pool: "Pool") -> None:
        self.pool = pool
        self.held = False

    def release(self) -> None:
        """Give the place back, or leave the queue. Harmless when repeated."""
        self.pool.release(self)


class Pool:
    def __init__(self, limit: PoolLimit) -> None:
        self._limit = limit
        self._running = 0
        self._waiting: OrderedDict[Ticket, Callable[[], None]] = OrderedDict()
        self._opens_at = 0.0  # loop time at which the rate lets the next one begin
        self._handle: asyncio.TimerHandle | None = None

    def acquire(self, begin: Callable[[], None]) -> Ticket:
        """`begin` is called when there is a place: at once, or later."""
        ticket = Ticket(self)
        self._waiting[ticket] = begin
        self._admit()
        return ticket

    def release(self, ticket: Ticket) -> None:
        if self._waiting.pop(ticket, None) is not None:
            return
        if ticket.held:
            ticket.held = False
            self._running -= 1
            self._admit()

    def _admit(self) -> None:
        while self._waiting and self._has_place() and self._has_turn():
            ticket, begin = self._waiting.popitem(last=False)
            ticket.held = True
            self._running += 1
            begin()

    def _has_place(self) -> bool:
        return self._limit.concurrency is None or self._running < self._limit.concurrency

    def _has_turn(self) -> bool:
        if self._limit.rate is None:
            return True
        loop = asyncio.get_running_loop()
        if loop.time() < self._opens_at:
            if self._handle is None:
                self._handle = loop.call_at(self._opens_at, self._opened)
            return False
        self._opens_at = max(self._opens_at, loop.time()) + 1 / self._limit.rate
        return True

    def _opened(self) -> None:
        self._handle = None
        self._admit()


class Pools:
    def __init__(self, limits: Mapping[str, PoolLimit]) -> None:
        self._pools = {name: Pool(limit) for name, limit in limits.items()}

    def get(self, name: str | None) -> Pool | None:
        return self._pools.get(name) if name is not None else None
