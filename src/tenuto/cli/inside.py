"""The runs that a followed run calls: each is followed too, so that what it asks is seen and answered here."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress

from tenuto.cli.control import OwnerGone
from tenuto.ports.engine import Engine, Refused
from tenuto.service.archive import Archive
from tenuto.service.follow import Follower

# A follower of the run, which may not have begun yet, and has seen nothing.
Blank = Callable[[str], Awaitable[Follower]]

_PAUSE = 0.05


class Inside:
    """`look` starts to follow what was called since the last look."""

    def __init__(self, engine: Engine, blank: Blank) -> None:
        self._engine = engine
        self._blank = blank
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def look(self, follower: Follower) -> None:
        for path, run in follower.calls().items():
            if run not in self._tasks:
                self._tasks[run] = asyncio.ensure_future(self._quietly(self._follow(follower, path, run)))

    async def _quietly(self, work: Coroutine[None, None, None]) -> None:
        """An owner that has ended is noticed by whoever follows the run itself; a child that was deleted asks nothing."""
        with suppress(OwnerGone, Refused):
            await work

    async def _follow(self, parent: Follower, path: str, run: str) -> None:
        child = await self._blank(run)
        parent.adopt(path, child)
        async for live in self._engine.watch(run):
            if live.fact is not None:
                child.fold(live.seq, live.fact)
                self.look(child)

    async def stop(self) -> None:
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def blank_of(archive: Archive) -> Blank:
    """Followers of runs that begin a moment after their parents say so."""

    async def blank(run: str) -> Follower:
        while (entry := await archive.entry(run)) is None:  # noqa: ASYNC110  a journal has no event to wait for
            await asyncio.sleep(_PAUSE)
        return Follower(await archive.flow(entry.document), await archive.names(entry))

    return blank
