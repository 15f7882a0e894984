"""Forgetting: ended runs that are older than the setting says go, with their logs; without the setting they all stay.
So do files that were handed in and that no run took up, after some days.
"""

import asyncio
from contextlib import suppress

from tenuto.hosts.local.services import Services
from tenuto.ports.journal import RunQuery, StorageFull

LONGEST_PAUSE = 3_600.0
_PAGE = 200


class Keeper:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def keep(self) -> None:
        """Until it is cancelled."""
        retention = self._services.options.retention
        while True:
            with suppress(StorageFull):  # deleting needs a little room too; the next time, then
                await self._services.files.sweep()
                if retention is not None:
                    await self.sweep(retention)
            await asyncio.sleep(LONGEST_PAUSE if retention is None else min(max(retention / 10, 1.0), LONGEST_PAUSE))

    async def sweep(self, retention: float) -> int:
        """Delete what ended longer ago than this; how many."""
        before = self._services.clock() - retention
        deleted = 0
        while page := await self._services.journal.runs(RunQuery(ended_before=before, limit=_PAGE)):
            for entry in page:
                deleted += await self.delete(entry.id)
            if len(page) < _PAGE:
                break
        return deleted

    async def delete(self, run: str) -> bool:
        """Forget one run that has ended. Raises `Conflict` if it has not."""
        found = await self._services.journal.delete(run)
        await self._services.logs.delete(run)
        return found
