"""Places that runs of earlier owners of the journal still hold: a run that nobody drives now has not ended either.

Looked up once a flow, when the first run of it asks for a place. Who has taken over every run knows them all.
"""

import asyncio
from contextlib import suppress

from tenuto.core.flow import Flow
from tenuto.hosts.local.admission import Admission
from tenuto.hosts.local.history import History
from tenuto.ports.codec import UnknownFact
from tenuto.ports.engine import Refused
from tenuto.ports.journal import Age, Damaged, Journal, RunEntry, RunQuery

UNFINISHED = frozenset({"queued", "running", "waiting"})

_PAGE = 500


class Predecessors:
    def __init__(self, journal: Journal, history: History, admission: Admission) -> None:
        self._journal = journal
        self._history = history
        self._admission = admission
        self._flows: dict[str, asyncio.Task[None]] = {}
        self._all = False

    async def place(self, flow: Flow) -> None:
        """From now on the places of this flow are told rightly."""
        if flow.concurrency is None or self._all:
            return
        task = self._flows.get(flow.name)
        if task is None:
            task = self._flows[flow.name] = asyncio.get_running_loop().create_task(self._restore(flow))
        try:
            await asyncio.shield(task)
        except Exception:
            self._flows.pop(flow.name, None)  # the storage failed: who asks again, looks again
            raise

    def all_placed(self) -> None:
        """Every run that has not ended was taken over."""
        self._all = True

    async def unfinished(self, flow: str | None = None) -> list[RunEntry]:
        """The runs that have not ended, the oldest first."""
        found: list[RunEntry] = []
        cursor: Age | None = None
        while True:
            page = await self._journal.runs(RunQuery(statuses=UNFINISHED, flow=flow, cursor=cursor, limit=_PAGE))
            found += page
            if len(page) < _PAGE:
                return found[::-1]
            cursor = page[-1].age

    async def _restore(self, flow: Flow) -> None:
        for entry in await self.unfinished(flow.name):
            if not self._admission.stands(entry.id):
                with suppress(Damaged, UnknownFact, Refused):  # it cannot be read: nothing of it will go on
                    await self._restore_one(flow, entry)

    async def _restore_one(self, flow: Flow, entry: RunEntry) -> None:
        about = await self._history.about(entry.id)
        if about is not None and not self._admission.stands(entry.id):
            self._admission.restore(flow, about, queued=entry.status == "queued")
