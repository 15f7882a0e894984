"""All that happens in a run of this process from before its beginning, so that its first words are not missed."""

import asyncio
from collections.abc import AsyncIterator, Callable

from tenuto.ports.engine import Live
from tenuto.service.projection import ENDED

Listen = Callable[[str, Callable[[Live], None]], Callable[[], None]]


class Tap:
    """Opened before the run is started. `lives()` ends with the run."""

    def __init__(self, listen: Listen, run: str) -> None:
        self._queue: asyncio.Queue[Live] = asyncio.Queue()
        self._leave = listen(run, self._queue.put_nowait)

    async def lives(self) -> AsyncIterator[Live]:
        try:
            while True:
                live = await self._queue.get()
                yield live
                if live.fact is not None and live.fact.type.removeprefix("run.") in ENDED:
                    return
        finally:
            self._leave()

    def close(self) -> None:
        self._leave()
