"""The local host: many runs on one loop, their facts in one journal, behind the port `Engine`.

What lives here is who is in memory. A run comes in when it is started, recovered, or needed (a signal, a timer, the end
of a child), and leaves when it has ended or has been idle for long. What happens inside a run is `run.py`'s business.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from typing import Any

from tenuto.core.commands import CancelNode, Finish, StartChild
from tenuto.core.inputs import Cancel, Queue, Resume, Signal, Start, TimerDue, Wake
from tenuto.core.machine import PAUSE, RESUME, new_state, refusal
from tenuto.hosts.local.answers import refuse_unfit
from tenuto.hosts.local.children import Children
from tenuto.hosts.local.closing import wind_down
from tenuto.hosts.local.door import Door
from tenuto.hosts.local.history import History, Loaded, Unreadable
from tenuto.hosts.local.keeper import Keeper
from tenuto.hosts.local.labels import Labelling
from tenuto.hosts.local.names import Names
from tenuto.hosts.local.naming import Naming
from tenuto.hosts.local.origins import about_of_request, check_recordable, entry_of_request
from tenuto.hosts.local.outputs import message_of
from tenuto.hosts.local.predecessors import Predecessors
from tenuto.hosts.local.recovery import Recovered
from tenuto.hosts.local.repairs import Repairs
from tenuto.hosts.local.residents import Residents
from tenuto.hosts.local.run import Run
from tenuto.hosts.local.services import Services
from tenuto.hosts.local.takeovers import Takeovers
from tenuto.hosts.local.view import View
from tenuto.ports.codec import UnknownFact
from tenuto.ports.engine import Live, Outcome, Refused, StartRequest
from tenuto.ports.feed import Ask, Leave, Listener, Observer, Tape
from tenuto.ports.journal import Closed, Conflict, Damaged, RunEntry, StorageFull
from tenuto.ports.load import Load
from tenuto.ports.quotas import Quota


class HostClosed(Closed):
    """The host was closed while somebody waited; the run goes on when its data directory is opened again."""


class LocalHost:
    """`epoch`: of this ownership of the journal. `clean`: the owner before left in order."""

    def __init__(self, services: Services, history: History, *, epoch: int, clean: bool) -> None:
        self.services = services
        self.history = history
        self.residents = Residents(services.options, services.clock)
        self._epoch = epoch
        self._clean = clean
        self._door = Door(self)
        self._predecessors = Predecessors(services.journal, history, self._door.admission)
        self._children = Children(self, history)
        self._keeper = Keeper(services)
        self._labelling = Labelling(self, services, history)
        self._view = View(services, history, self.residents)
        self._loading: dict[str, asyncio.Task[Run | None]] = {}
        self._starting: dict[str, asyncio.Future[None]] = {}
        self._beginning = 0  # starts under way
        self._takeovers = Takeovers(self, history, self._predecessors, self._door)
        self._repairs = Repairs(self, services, history)
        self._tasks: set[asyncio.Task[None]] = set()
        self._names = Names()
        self._naming = Naming(services.journal)
        # Set when the host cannot go on: the storage failed for good. Whoever opened the host watches it.
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    # --- the port: starting

    async def start(self, request: StartRequest) -> str:
        self._refuse_if_closed()
        if request.parent is None:  # the runs that there are wait; somebody who asks for another one is told
            await self.services.reachable()
        run = request.run or self._names.run_id()
        if request.run is None or request.new:  # nobody else can be starting it
            await self._start(run, request)
            return run
        while (starting := self._starting.get(run)) is not None:
            await asyncio.shield(starting)  # then it is there; or it could not be started, and is tried again
        done = self._starting[run] = asyncio.get_running_loop().create_future()
        try:
            if not await self._exists(run):
                await self._start(run, request)
            else:
                await self.run(run)  # of an owner before, perhaps: whoever starts it wants it to go on
        finally:
            del self._starting[run]
            done.set_result(None)
        return run

    async def _start(self, run: str, request: StartRequest) -> None:
        self._beginning += 1
        try:
            await asyncio.sleep(0)  # whoever starts a run in this very moment shares a commit with this one
            if request.name is None or request.new:
                await self._make(run, request)
            else:
                async with self._naming.taking(request.tenant, request.name):
                    await self._make(run, request)
        finally:
            self._beginning -= 1

    async def _make(self, run: str, request: StartRequest) -> None:
        services, flow = self.services, request.flow
        name = request.name or self._names.run_name()
        about = await about_of_request(request, run=run, name=name, variables=services.variables, history=self.history)
        origin = None if about.origin is None else await self.history.origin(about, flow)
        if origin is not None:
            results = [result.output for result in origin.results.values()]
            await services.files.adopt([about.input, results], tenant=about.tenant, run=run)
        await self._predecessors.place(flow)
        document = await self.history.document(flow)
        answer, oldest = self._door.ask(flow, about)
        now = services.clock()
        state = new_state(flow, about, origin)
        driver = Run(self, services, state, entry_of_request(request, about, now))
        driver.keep(flow.hash, document)
        self.residents.add(driver)
        try:
            await driver.ask(Start(now) if answer == "start" else Queue(now))
        except BaseException:
            self.forget(driver)
            raise
        if oldest is not None:
            self.spawn(self._cancel_for_place(oldest))

    async def _cancel_for_place(self, run: str) -> None:
        with suppress(Refused):  # it has ended by itself
            await self.cancel(run, by="concurrency", reason="a newer run took its place")

    async def _exists(self, run: str) -> bool:
        return run in self.residents or await self.history.entry(run) is not None

    # --- the port: telling

    async def signal(self, run: str, name: str, payload: Any, *, by: str | None = None, key: str | None = None) -> None:
        self._refuse_if_closed()
        check_recordable(payload, "the payload")
        driver = await self._open_run(run)
        said = Signal(self.services.clock(), name, payload, by, key)
        refused = refusal(driver.state, said)
        if refused is not None:
            raise Refused(*refused)
        if key not in driver.state.signal_keys:
            refuse_unfit(driver.state, name, payload)
        await driver.ask(said)
        if name in (PAUSE, RESUME):
            await self._children.pass_on(run, name, by=by, key=key)

    async def cancel(self, run: str, *, by: str | None = None, reason: str | None = None) -> None:
        self._refuse_if_closed()
        driver = await self._open_run(run)
        await driver.ask(Cancel(self.services.clock(), by, reason))

    async def _open_run(self, run: str) -> Run:
        """The run in memory; refused if there is none, or if it has ended."""
        driver = await self.run(run)
        while driver is not None and driver.deciding:
            await driver.decided()
            driver = await self.run(run)
        if driver is None:
            entry = await self.history.entry(run)
            if entry is None:
                raise Refused("not_found", f"there is no run `{run}`")
            raise Refused("ended", f"the run `{entry.name}` has ended ({entry.status})")
        return driver

    # --- the port: looking

    def watch(self, run: str, after: int = 0) -> AsyncIterator[Live]:
        return self._view.watch(run, after)

    async def outcome(self, run: str, *, until: frozenset[str] = frozenset()) -> Outcome:
        return await self._view.outcome(run, until)

    def listen(self, run: str, listener: Listener) -> Leave:
        return self.services.hub.listen(run, listener)

    def observe(self, observer: Observer) -> Leave:
        return self.services.hub.observe(observer)

    def record(self, tape: Tape) -> Leave:
        return self.services.hub.record(tape)

    def asks(self, run: str) -> list[Ask] | None:
        return self._view.asks(run)

    def present(self, run: str) -> list[Live]:
        return self._view.present(run)

    async def standing(self, run: str, path: str) -> RunEntry | None:
        return await self._view.standing(run, path)

    async def ended_run(self, run: str) -> tuple[Outcome, Mapping[str, float]] | None:
        """How a run ended and what it used; None if it has not, or does not exist."""
        return await self._view.ended(run)

    # --- who is in memory

    async def run(self, run: str, entry: RunEntry | None = None) -> Run | None:
        """The run, brought into memory if need be; None if it has ended or never was.

        It is there until the caller awaits something else: what is told at once is told to the one that counts.
        """
        while (driver := self.residents.get(run)) is None:
            task = self._loading.get(run)
            if task is None:
                task = self._loading[run] = asyncio.get_running_loop().create_task(self._load(run, entry))
                task.add_done_callback(lambda _: self._loading.pop(run, None))
            if await asyncio.shield(task) is None:
                return None
        return driver

    async def _load(self, run: str, entry: RunEntry | None = None) -> Run | None:
        try:
            loaded = await self.history.load(run, entry)
        except (Unreadable, UnknownFact, Damaged, KeyError) as error:
            raise Refused("unreadable", f"the run `{run}` cannot be read: {message_of(error)}") from error
        driver = self.residents.get(run)
        if driver is not None:
            return driver  # it was started while we were reading
        if loaded is None or loaded.state.ended is not None or self.services.closing:
            return None
        return self._take_over(loaded)

    def _take_over(self, loaded: Loaded) -> Run:
        driver = Run(self, self.services, loaded.state, loaded.entry)
        now = self.services.clock()
        ours = self.residents.was_evicted(driver.id)
        self.residents.add(driver)
        if not ours:
            self._door.restore(loaded.state)
        driver.take_over(Wake(now) if ours else Resume(now, self._epoch, self._clean))
        self._takeovers.took(driver)
        if self.services.hub.observers:
            self.services.hub.recorded(driver.entry, status=False, asks=bool(loaded.state.waiters))
        if loaded.state.status == "queued":
            self._door.queue_again(driver)
        return driver

    def forget(self, driver: Run) -> None:
        """It is in memory no more."""
        self.residents.remove(driver)
        self.services.timers.forget(driver.id)
        self._repairs.done(driver.id)
        self._door.leave(driver.id)

    def load(self) -> Load:
        """How busy it is now."""
        services, residents = self.services, self.residents
        return Load(
            resident=len(residents),
            at_work=residents.at_work,
            queued=self._door.queued,
            attempts=sum(len(run.attempts) for run in residents),
            threads=services.threads.size,
            threads_busy=services.threads.busy,
            timers=services.timers.count,
        )

    def set_quota(self, tenant: str, quota: Quota) -> None:
        self._door.set_quota(tenant, quota)

    def timer_fired(self, run: str, path: str) -> None:
        driver = self.residents.get(run)
        if driver is not None:
            driver.tell(TimerDue(self.services.clock(), path))
        elif not self.services.closing:
            self.spawn(self._wake(run))  # its timer is set anew, and fires at once

    async def _wake(self, run: str) -> None:
        try:
            await self.run(run)
        except Refused as error:
            self.services.hub.broke(run, error)

    # --- what runs ask of their house

    def begin_child(self, run: Run, command: StartChild) -> None:
        self._children.begin(run, command)

    def cancel_child(self, run: Run, command: CancelNode) -> None:
        self._children.cancel(run, command)

    async def call_flow(self, run: Run, path: str, flow: str, given: Any, version: str | None, key: str) -> Any:
        return await self._children.call_flow(run, path, flow, given, version, key)

    @property
    def alone(self) -> bool:
        return self.residents.at_work <= 1 and self._beginning <= 1

    def child_waits(self, parent: str | None) -> None:
        self._view.child_waits(parent)

    def became_busy(self, run: Run) -> None:
        self.residents.became_busy(run)

    def became_quiet(self, run: Run) -> None:
        self._repairs.done(run.id)
        for evicted in self.residents.became_quiet(run):
            self.services.logs.forget(evicted.id)
        self._door.look()

    def ended(self, run: Run, finish: Finish) -> None:
        if run.id not in self.residents:
            return
        self.forget(run)
        self.services.logs.forget(run.id)
        outcome = Outcome(run.id, run.entry.name, finish.status, finish.output, finish.error)
        self.services.hub.ended(outcome)
        if run.entry.parent is not None:
            self._tell_parent(run.entry.parent, run, outcome)

    def _tell_parent(self, parent: str, run: Run, outcome: Outcome) -> None:
        driver = self.residents.get(parent)
        if driver is not None:
            self._children.ended(driver, outcome, run.state.usage)
        elif self.residents.was_evicted(parent) and not self.services.closing:
            self.spawn(self._wake(parent))  # it asks for its child, and learns that it has ended

    # --- when things go wrong

    def write_failed(self, run: Run, error: BaseException) -> None:
        self._repairs.write_failed(run, error)

    def crashed(self, run: Run, error: Exception) -> None:
        self._repairs.crashed(run, error)

    def queue_again(self, driver: Run) -> None:
        self._door.queue_again(driver)

    def fail(self, error: BaseException) -> None:
        """The storage is not to be trusted any more: nothing is written, nothing is acknowledged."""
        self.services.closing = True
        if not self.failure.done():
            self.failure.set_exception(error)
            self.failure.exception()  # seen, even if nobody asks
        self.services.hub.broke(None, error)

    def spawn(self, work: Coroutine[Any, Any, None], run: Run | None = None) -> None:
        """Work of the host itself; while it is done, the run stays in memory."""
        if run is not None:
            run.busy += 1
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._spawned(done, run))

    def _spawned(self, task: asyncio.Task[None], run: Run | None) -> None:
        self._tasks.discard(task)
        if run is not None:
            run.unbusy()
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, HostClosed | Refused | StorageFull | Conflict):
            self.fail(error)

    # --- recovery

    async def recover(self, only: str | None = None) -> AsyncIterator[Recovered]:
        """Take over every run that has not ended (or only this one), the oldest first."""
        async for taken in self._takeovers.recover(only):
            yield taken
        if self.services.agents is not None:
            await self.services.agents.recovered()

    def keep_house(self) -> None:
        """From now on what is old goes, as the options say."""
        self.spawn(self._keeper.keep())

    async def delete(self, run: str) -> bool:
        """Forget a run that has ended, with its logs."""
        async with self._labelling.ended:
            return await self._keeper.delete(run)

    async def set_labels(self, run: str, labels: Mapping[str, str]) -> RunEntry:
        self._refuse_if_closed()
        return await self._labelling.set_labels(run, labels)

    # --- the end

    def _refuse_if_closed(self) -> None:
        if self.failure.done() and not self.failure.cancelled():
            error = self.failure.exception()
            if error is not None:
                raise error
        if self.services.closing:
            raise HostClosed("the host is closing")

    async def close(self) -> None:
        """No new nodes; those that run get a moment, then they are cancelled and nothing is recorded of it."""
        services = self.services
        await wind_down(services, self.residents, self._tasks)
        services.hub.broke(None, HostClosed("the host was closed; the run goes on when it is opened again"))
        await services.logs.close()
        services.threads.close()
