"""Watching a run: what was recorded, then what happens, without a gap and without anything twice.

The watcher listens before it reads the journal, and drops what it has seen. One that is too slow loses what is not
recorded (deltas, logs) and is sent back to the journal for the rest: what is kept for it is bounded.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from tenuto.core.events import TERMINAL
from tenuto.hosts.local.history import History
from tenuto.hosts.local.hub import Hub
from tenuto.ports.engine import Live


class Watcher:
    """The queue of one who watches."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._queue: deque[Live] = deque()
        self._news = asyncio.Event()
        self.behind = False  # something recorded was dropped: it is to be read

    def __call__(self, live: Live) -> None:
        if len(self._queue) >= self._limit:
            self._queue.clear()
            self.behind = True
        if live.kind != "fact" or not self.behind:
            self._queue.append(live)
        self._news.set()

    def take(self) -> Live | None:
        return self._queue.popleft() if self._queue else None

    async def wait(self) -> None:
        await self._news.wait()
        self._news.clear()

    def wake(self) -> None:
        self._news.set()


async def watch(
    hub: Hub, history: History, run: str, after: int, limit: int, present: list[Live]
) -> AsyncIterator[Live]:
    """`present`: what goes on at this moment and was not recorded, such as attempts that run."""
    watcher = Watcher(limit)
    leave = hub.listen(run, watcher)
    try:
        seen = after
        watcher.behind = True
        first = True
        while True:
            if watcher.behind:
                watcher.behind = False
                for seq, fact in await history.facts(run, seen):
                    seen = seq
                    yield Live(run, "fact", getattr(fact, "path", ""), seq, fact)
                    if fact.type in TERMINAL:
                        return
                if first:
                    first = False
                    for live in present:
                        yield live
            live = watcher.take()
            if live is None:
                await watcher.wait()
            elif live.kind != "fact":
                yield live
            elif live.seq == seen + 1:
                seen = live.seq
                yield live
                if live.fact is not None and live.fact.type in TERMINAL:
                    return
            elif live.seq > seen:
                watcher.behind = True
    finally:
        leave()
