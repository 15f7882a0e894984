"""Runs of an owner before, taken over the oldest first, and what is said of each."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Protocol

from tenuto.hosts.local.door import Door
from tenuto.hosts.local.history import History, Unreadable
from tenuto.hosts.local.predecessors import Predecessors
from tenuto.hosts.local.recovery import Recovered, recovered, untaken
from tenuto.hosts.local.residents import Residents
from tenuto.hosts.local.run import Run
from tenuto.ports.engine import Refused
from tenuto.ports.journal import RunEntry

_AT_ONCE = 32  # runs that are read side by side


class House(Protocol):
    residents: Residents

    async def run(self, run: str, entry: RunEntry | None = None) -> Run | None: ...


class Takeovers:
    """`_said`: of each that is being taken over, once it was."""

    def __init__(self, house: House, history: History, predecessors: Predecessors, door: Door) -> None:
        self._house = house
        self._history = history
        self._predecessors = predecessors
        self._door = door
        self._said: dict[str, Recovered | None] = {}

    def took(self, driver: Run) -> None:
        """Noted now, for it may be over before whoever asked has its turn."""
        if driver.id in self._said:
            self._said[driver.id] = recovered(driver.state, driver.entry.name)

    async def recover(self, only: str | None) -> AsyncIterator[Recovered]:
        entries = await self._predecessors.unfinished() if only is None else [await self._only(only)]
        for first in range(0, len(entries), _AT_ONCE):
            for taken in await asyncio.gather(*map(self._recover, entries[first : first + _AT_ONCE])):
                if taken is not None:
                    yield taken
        if only is None:
            self._predecessors.all_placed()
        self._door.all_restored()

    async def _only(self, run: str) -> RunEntry:
        """One run, which does not overtake those that nobody takes over."""
        entry = await self._history.entry(run)
        if entry is None:
            raise Refused("not_found", f"there is no run `{run}`")
        with suppress(Unreadable, KeyError):  # taking it over says so
            await self._predecessors.place(await self._history.flow(entry.document))
        return entry

    async def _recover(self, entry: RunEntry) -> Recovered | None:
        if entry.id in self._house.residents:
            return None
        self._said[entry.id] = None
        try:
            await self._house.run(entry.id, entry)
        except Refused as error:
            return untaken(entry, str(error))
        finally:
            taken = self._said.pop(entry.id, None)
        return taken
