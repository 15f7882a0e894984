"""When what a run wrote was not kept: it waits for room, is read again from the journal, or is given up alone.

A storage that is not to be trusted any more is the whole host's trouble, not one run's.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from tenuto.hosts.local.history import History
from tenuto.hosts.local.residents import Residents
from tenuto.hosts.local.run import Run
from tenuto.hosts.local.services import Services
from tenuto.ports.engine import Live, Outcome
from tenuto.ports.journal import Closed, Conflict, Damaged, Newer, Owned, StorageFull

_MOST_CONFLICTS = 5
_OF_THE_STORAGE = (Closed, Conflict, Damaged, Newer, Owned)


class House(Protocol):
    residents: Residents

    def forget(self, driver: Run) -> None:
        """It is in memory no more."""
        ...

    def queue_again(self, driver: Run) -> None: ...

    def fail(self, error: BaseException) -> None:
        """Nothing is written, nothing is acknowledged any more."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None], run: Run | None = None) -> None: ...


class Repairs:
    """`_times`: run → how often in a row its writes failed."""

    def __init__(self, house: House, services: Services, history: History) -> None:
        self._house = house
        self._services = services
        self._history = history
        self._times: dict[str, int] = {}

    def done(self, run: str) -> None:
        """It writes again, or is here no more."""
        self._times.pop(run, None)

    def write_failed(self, run: Run, error: BaseException) -> None:
        run.refuse(error)
        times = self._times[run.id] = self._times.get(run.id, 0) + 1
        options = self._services.options
        if self._services.closing:
            return
        if isinstance(error, StorageFull):
            if times == 1:
                self._tell_paused(run, error)
            self._house.spawn(self._repair(run, options.storage_retry * min(2 ** min(times - 1, 10), 10)))
        elif isinstance(error, Conflict) and times <= _MOST_CONFLICTS:
            self._house.spawn(self._repair(run, 0.0))
        elif isinstance(error, _OF_THE_STORAGE) or not isinstance(error, Exception):
            self._house.fail(error)
        else:
            self.crashed(run, error)  # what it was to write cannot be kept; others are not touched by that

    def crashed(self, run: Run, error: Exception) -> None:
        """Only this run: the others go on. It is tried again when the host is opened again."""
        for attempt in run.attempts.values():
            attempt.abandon()
        self._house.forget(run)
        self._services.hub.broke(run.id, error)

    def _tell_paused(self, run: Run, error: StorageFull) -> None:
        """Whoever watches must not take a full disk for a run that hangs. Nothing of it can be kept."""
        text = f"{error} The run pauses, and goes on by itself when there is room."
        self._services.hub.tell(Live(run.id, "log", data={"at": self._services.clock(), "path": "", "text": text}))

    async def _repair(self, run: Run, pause: float) -> None:
        """Read the run again from the journal and go on."""
        await asyncio.sleep(pause)
        if run.id not in self._house.residents:
            return
        loaded = await self._history.load(run.id)
        if loaded is None or loaded.state.ended is not None:
            self._house.forget(run)
            if loaded is not None and loaded.state.outcome is not None:
                status, output, error = loaded.state.outcome
                self._services.hub.ended(Outcome(run.id, run.entry.name, status, output, error))
            return
        run.restart(loaded.state, loaded.entry)
        if loaded.state.status == "queued":
            self._house.queue_again(run)  # it had been told to begin, and that was not kept
