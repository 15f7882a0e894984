"""The door of a host: which runs begin now, which are queued, and who begins when a place is free.

Two things may hold a run up: its flow lets only so many in (`admission`), and its tenant or the host has no place at work
(`quotas`). It passes the one, then the other.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from tenuto.core.flow import Flow
from tenuto.core.inputs import Start
from tenuto.core.machine import About, State
from tenuto.hosts.local.admission import Admission, Answer
from tenuto.hosts.local.quotas import Quotas
from tenuto.hosts.local.residents import Residents
from tenuto.hosts.local.run import Run
from tenuto.hosts.local.services import Services
from tenuto.ports.engine import Refused
from tenuto.ports.quotas import Quota

_AT_ONCE = 4  # queued runs that begin in one turn of the loop


class House(Protocol):
    """What the door needs of the host."""

    services: Services
    residents: Residents

    async def run(self, run: str) -> Run | None:
        """The run, brought into memory if need be; None if it has ended or never was."""
        ...

    def spawn(self, work: Coroutine[Any, Any, None], run: Run | None = None) -> None: ...


class Door:
    def __init__(self, house: House) -> None:
        self._house = house
        self.admission = Admission()
        self._quotas = Quotas(house.services.options, house.residents)
        self._choosing = False

    @property
    def queued(self) -> int:
        """How many runs wait to begin."""
        return self._quotas.queued

    def set_quota(self, tenant: str, quota: Quota) -> None:
        self._quotas.set(tenant, quota)
        self.look()

    # --- coming

    def ask(self, flow: Flow, about: About) -> tuple[Answer, str | None]:
        """Whether a new run begins or is queued, and the run that has to be cancelled for it. Raises `Refused`."""
        quotas, tenant = self._quotas, about.tenant
        begins = about.parent is not None or quotas.may_begin(tenant)
        if not begins:
            quotas.refuse_if_full(tenant)
        answer, oldest = self.admission.ask(flow, about)
        if answer == "queue":
            self._queue_for_place(about, oldest)
        elif not begins:
            quotas.wait(about.run, tenant)
        return "start" if answer == "start" and begins else "queue", oldest

    def _queue_for_place(self, about: About, oldest: str | None) -> None:
        try:
            if oldest is None:
                self._quotas.refuse_if_full(about.tenant)
        except Refused:
            self.admission.leave(about.run)
            raise
        self._quotas.joined(about.run, about.tenant)

    def restore(self, state: State) -> None:
        """After a restart: the run holds its place, or stands in the queue."""
        if not self.admission.stands(state.about.run):
            self.admission.restore(state.flow, state.about, queued=state.status == "queued")

    def queue_again(self, driver: Run) -> None:
        """It was queued when it was read: it still is, or nothing holds it up any more."""
        if self.admission.is_queued(driver.id):
            self._quotas.joined(driver.id, driver.entry.tenant)
        elif not self._quotas.stands(driver.id):
            self._begin_in_turn(driver)

    def all_restored(self) -> None:
        for run in self.admission.admit_all():
            self._house.spawn(self._admit(run))
        self.look()

    # --- going

    def leave(self, run: str) -> None:
        """The run has ended, or never began: others may begin in its stead."""
        self._quotas.leave(run)
        for admitted in self.admission.leave(run):
            self._house.spawn(self._admit(admitted))
        self.look()

    def look(self) -> None:
        """There may be room for some that are queued: a few in a turn of the loop, so that nothing else is held up."""
        if self._quotas.waited_for and not self._choosing:
            self._choosing = True
            asyncio.get_running_loop().call_soon(self._choose)

    # --- beginning

    def _choose(self) -> None:
        self._choosing = False
        if self._house.services.closing:
            return
        chosen = self._quotas.next(_AT_ONCE)
        for run in chosen:
            self._house.spawn(self._take_turn(run))
        if len(chosen) == _AT_ONCE:
            self.look()

    async def _admit(self, run: str) -> None:
        """There is a place for it among the runs of its flow."""
        driver = await self._found(run)
        if driver is not None and driver.state.status == "queued" and not self._quotas.stands(run):
            self._begin_in_turn(driver)

    async def _take_turn(self, run: str) -> None:
        driver = await self._found(run)
        if driver is not None:
            self._begin(driver)

    async def _found(self, run: str) -> Run | None:
        """None, and its place is free, where it has ended or cannot be read."""
        try:
            driver = await self._house.run(run)
        except Refused as error:
            self._house.services.hub.broke(run, error)
            driver = None
        if driver is None:
            self.leave(run)
        return driver

    def _begin_in_turn(self, driver: Run) -> None:
        tenant = driver.entry.tenant
        if driver.entry.parent is not None or self._quotas.may_begin(tenant):
            self._begin(driver)
        else:
            self._quotas.wait(driver.id, tenant)

    def _begin(self, driver: Run) -> None:
        driver.tell(Start(self._house.services.clock()))
        self._quotas.begun(driver.id)
