"""Changing the labels of a run: of one in memory with its next lines, of one that has ended by a line of its own."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from tenuto.hosts.local.acks import awaited_ack
from tenuto.hosts.local.history import History
from tenuto.hosts.local.run import Run
from tenuto.hosts.local.services import Services
from tenuto.ports.engine import Refused
from tenuto.ports.journal import RunEntry, Write


class House(Protocol):
    async def run(self, run: str) -> Run | None:
        """The run, brought into memory if need be; None if it has ended or never was."""
        ...


class Labelling:
    """`ended`: held while the line of an ended run is read and written again, so that it is not deleted in between."""

    def __init__(self, house: House, services: Services, history: History) -> None:
        self._house = house
        self._services = services
        self._history = history
        self.ended = asyncio.Lock()

    async def set_labels(self, run: str, labels: Mapping[str, str]) -> RunEntry:
        driver = await self._house.run(run)
        if driver is not None:
            entry = await self._of_open(driver, labels)
        else:
            async with self.ended:
                entry = await self._of_ended(run, labels)
        self._services.hub.relabelled(entry)
        return entry

    async def _of_open(self, driver: Run, labels: Mapping[str, str]) -> RunEntry:
        """What the run writes from now on has them too, so no later line takes them back."""
        before = driver.entry.labels
        entry = driver.entry = replace(driver.entry, labels=dict(labels))
        try:
            await self._durable(entry)
        except BaseException:
            driver.entry = replace(driver.entry, labels=before)
            raise
        return driver.entry

    async def _of_ended(self, run: str, labels: Mapping[str, str]) -> RunEntry:
        entry = await self._history.entry(run)
        if entry is None:
            raise Refused("not_found", f"there is no run `{run}`")
        entry = replace(entry, labels=dict(labels))
        await self._durable(entry)
        return entry

    async def _durable(self, entry: RunEntry) -> None:
        done, ack = awaited_ack()
        self._services.journal.append(Write(entry.id, (), ack, (), entry))
        await done
