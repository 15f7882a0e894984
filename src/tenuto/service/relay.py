"""What puts events on the bus: a worker of the server. None is lost by a crash; a receiver may see one twice.

What somebody told stands in the outbox, and is crossed off when the bus answers for it. What runs tell is derived from
the journal: while the server lives, from what the host says was recorded; after a start, from the runs that began or ended
since the last moment up to which everything had been told. That moment is kept in the store, a little behind.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, cast

from tenuto.core.events import TERMINAL, Fact, RunCancelled, RunFailed, RunStarted, RunSucceeded
from tenuto.ports.bus import Envelope
from tenuto.ports.codec import UnknownFact
from tenuto.ports.deliveries import Delivery
from tenuto.ports.feed import Ask
from tenuto.ports.journal import Damaged, RunEntry, RunQuery
from tenuto.ports.outbox import Message
from tenuto.service.envelopes import TOPIC, envelope_of
from tenuto.service.events import start_flows
from tenuto.service.hops import hops_of
from tenuto.service.platform import Platform
from tenuto.service.principal import DEFAULT_TENANT

Json = object

ACTOR: Final = "tenuto"
GIVEN_UP: Final = 3 * 86_400.0  # seconds
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 3_600.0
CHECKPOINT: Final = 5.0  # seconds between two notes of how far everything was told
# How far behind the note is: a fact carries the moment at which it was decided, and may be durable only later.
SLACK: Final = 60.0
LONGEST_SLEEP: Final = 5.0
_AT_ONCE: Final = 50
_PAGE: Final = 500
_TOGETHER: Final = 100  # lines of runs
_REMEMBERED: Final = 50_000  # ids of events
_MARK: Final = ("run-events", "told-until")
_BEGUN: Final = "run.started"
_WAITS: Final = "run.waiting"
_ENDS: Final = {kind.removeprefix("run."): kind for kind in TERMINAL}

_log = logging.getLogger("tenuto.events")


@dataclass(slots=True)
class Relay:
    """`heard`: runs of which the host said something that was not told yet. While no flow waits for what runs tell, hearing
    costs next to nothing: nobody is woken, and what was heard is dropped every few seconds."""

    platform: Platform
    heard: deque[tuple[RunEntry, bool]] = field(default_factory=deque[tuple[RunEntry, bool]])
    _told: OrderedDict[str, None] = field(default_factory=OrderedDict[str, None])  # ids, for a while
    _wanted: frozenset[tuple[str, str]] = frozenset()  # tenants and types, as far as is known
    _woken: asyncio.Event = field(default_factory=asyncio.Event)  # something was heard that somebody may want
    _since: float = 0.0  # what happened before was told by the server before
    _noted: float = 0.0
    _asked: float = 0.0  # when the outbox was looked into
    _dirty: bool = False  # something was heard since

    async def drive(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. Everything that was told before the last crash and not taken is told again first."""
        platform = self.platform
        leaves = [platform.live.feed.observe(self._hear)]
        leaves += [platform.bus.subscribe(taker) for taker in (self._start_flows, platform.subscriptions.take)]
        try:
            await self._again_and_again(stop, self._catch_up)
            while not stop.is_set():
                await self._again_and_again(stop, self._round)
                await self._sleep(stop)
        finally:
            for leave in leaves:
                leave()

    # --- what runs tell

    def _hear(self, entry: RunEntry, asks: bool) -> None:  # noqa: FBT001  as the port says
        self._since = _not_ahead(self._since, self.platform.clock())
        self.heard.append((entry, asks))
        if self._wanted:
            self._woken.set()

    async def _tell_heard(self) -> None:
        self._woken.clear()
        self._dirty = self._dirty or bool(self.heard)
        self._wanted = await self._awaited()
        while self.heard:
            some = [*islice(self.heard, _TOGETHER)]
            await self._tell_together(some)
            for _ in some:
                self.heard.popleft()  # only now: what the bus does not take is told again

    async def _awaited(self) -> frozenset[tuple[str, str]]:
        """By flows that start on it, and by webhooks."""
        return await self.platform.triggers.awaited() | await self.platform.subscriptions.awaited()

    async def _tell_together(self, some: Iterable[tuple[RunEntry, bool]]) -> None:
        """Of many runs at once, so that who keeps what is told pays for one sync; of each in its order."""
        by_run: dict[str, list[tuple[RunEntry, bool]]] = {}
        for entry, asks in some:
            if any((entry.tenant, kind) in self._wanted for kind in _kinds(entry, self._since, asks=asks)):
                by_run.setdefault(entry.id, []).append((entry, asks))

        async def tell(lines: list[tuple[RunEntry, bool]]) -> None:
            for entry, asks in lines:
                await self._tell(entry, asks=asks)

        answers = await asyncio.gather(*(tell(lines) for lines in by_run.values()), return_exceptions=True)
        for answer in answers:
            if answer is not None:
                raise answer

    async def _tell(self, entry: RunEntry, *, asks: bool) -> None:
        """All that this line of a run says, if anybody wants to know."""
        for kind in _kinds(entry, self._since, asks=asks):
            if (entry.tenant, kind) not in self._wanted:
                continue
            for name, ask in self._names(entry, kind):
                if name not in self._told:
                    await self._publish(await self._envelope(entry, name, kind, ask))

    def _names(self, entry: RunEntry, kind: str) -> list[tuple[str, Ask | None]]:
        """The ids of the events, the same however often they are told; a run may wait for several words at once."""
        if kind != _WAITS:
            return [(f"{entry.id}:{kind.removeprefix('run.')}", None)]
        asks = self.platform.live.feed.asks(entry.id) or ()
        return [(f"{entry.id}:waiting:{ask.path}:{ask.name}", ask) for ask in asks]

    async def _publish(self, envelope: Envelope) -> None:
        await self.platform.bus.publish(envelope)
        self._told[envelope.id] = None
        while len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)

    async def _envelope(self, entry: RunEntry, name: str, kind: str, asked: Ask | None) -> Envelope:
        facts = await self._facts(entry)
        hops = next((hops_of(fact.trigger) for fact in facts if isinstance(fact, RunStarted)), 0)
        at = self.platform.clock() if asked else entry.created_at
        at = entry.ended_at if kind in TERMINAL and entry.ended_at is not None else at
        begun = {"status": "running"} if kind == _BEGUN else {}  # a short run has ended by now
        await self.platform.flows.published.numbers.fill([entry])
        payload = {**_run_json(entry), **begun, **_end(facts if kind in TERMINAL else []), **_question(asked)}
        return Envelope(name, kind, at, entry.tenant, ACTOR, payload, entry.id, hops + 1)

    async def _facts(self, entry: RunEntry) -> list[Fact]:
        """Nothing, where they cannot be read: that the run ended is worth telling all the same."""
        try:
            return [fact for _, fact in await self.platform.archive.facts(entry.id)]
        except (Damaged, UnknownFact, KeyError) as error:
            _log.warning("what %s says of itself cannot be read: %s", entry.name, error)
            return []

    # --- what was not told when the server went down

    async def _catch_up(self) -> None:
        now = self.platform.clock()
        since = self._since = _not_ahead(await self._mark(now), now)
        self._wanted = await self._awaited()
        if self._wanted:
            async for entry in self._runs(RunQuery(created_after=since)):
                await self._tell(replace(entry, status="running", ended_at=None), asks=False)
            async for entry in self._runs(RunQuery(ended_after=since)):
                await self._tell(entry, asks=False)
        await self._note(now)

    async def _runs(self, query: RunQuery) -> AsyncIterator[RunEntry]:
        query = replace(query, limit=_PAGE)
        while page := await self.platform.archive.journal.runs(query):
            for entry in page:
                yield entry
            query = replace(query, cursor=page[-1].age)

    async def _mark(self, now: float) -> float:
        """Up to when everything was told; now, if nothing ever was."""
        source, name = _MARK
        async with self.platform.store.write() as tx:
            before = await tx.deliveries.record(Delivery(DEFAULT_TENANT, source, name, now), since=float("-inf"))
        return now if before is None else before.at

    async def _note(self, now: float) -> None:
        """Everything that was decided a little before now has been told."""
        self._noted, self._dirty = now, False
        source, name = _MARK
        async with self.platform.store.write() as tx:
            await tx.deliveries.forget(DEFAULT_TENANT, source, name)
            await tx.deliveries.record(Delivery(DEFAULT_TENANT, source, name, now - SLACK), since=now)

    # --- what somebody told

    async def _send(self) -> None:
        self.platform.outbox.clear()
        async with self.platform.store.read() as tx:
            due = await tx.outbox.due(TOPIC, self.platform.clock(), limit=_AT_ONCE)
        for message in due:
            await self._send_one(message)
        if due:
            self.platform.outbox.set()  # there may be more

    async def _send_one(self, message: Message) -> None:
        try:
            await self.platform.bus.publish(envelope_of(message))
        except Exception as error:  # noqa: BLE001  whatever a subscriber raises, this event waits and the others go on
            now = self.platform.clock()
            dead = now - message.at > GIVEN_UP
            _log.warning("event %s was not taken%s: %s", message.id, " and is given up" if dead else "", error)
            pause = min(FIRST_PAUSE * 2 ** min(message.attempts, 20), LONGEST_PAUSE)
            async with self.platform.store.write() as tx:
                await tx.outbox.failed(message, next_due=now + pause, dead=dead)
        else:
            async with self.platform.store.write() as tx:
                await tx.outbox.done(message.tenant, message.id)

    # --- the worker

    async def _start_flows(self, envelope: Envelope) -> None:
        await start_flows(self.platform, envelope)

    async def _round(self) -> None:
        now = self.platform.clock()
        await self._tell_heard()
        if self.platform.outbox.is_set() or abs(now - self._asked) >= LONGEST_SLEEP:
            self._asked = now
            await self._send()
        if not self.heard and abs(now - self._noted) >= (CHECKPOINT if self._dirty else 3_600.0):
            await self._note(now)

    async def _again_and_again(self, stop: asyncio.Event, work: Callable[[], Awaitable[None]]) -> None:
        """Until it succeeds, or the server stops: what is waited for will pass, and nothing may be left out."""
        pause = FIRST_PAUSE
        while not stop.is_set():
            try:
                await work()
            except Exception as error:  # noqa: BLE001  as above; what nobody foresaw must not end the worker either
                _log.warning("events wait: %s", error or type(error).__name__)
                await _until(stop, pause)
                pause = min(pause * 2, 60.0)
            else:
                return

    async def _sleep(self, stop: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self.platform.outbox, self._woken)]
        await asyncio.wait(waits, timeout=LONGEST_SLEEP, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


async def drive(platform: Platform, stop: asyncio.Event) -> None:
    """Until `stop` is set: put events on the bus, and start flows on them."""
    await Relay(platform).drive(stop)


def _not_ahead(since: float, now: float) -> float:
    """Where the clock was put back, what happens now must not pass for what was told long ago."""
    return since if since <= now else now - SLACK


async def _until(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return


def _kinds(entry: RunEntry, since: float, *, asks: bool) -> list[str]:
    """The types of the events that a line of a run tells: a short run has but one line, for its beginning and its end."""
    begun = [_BEGUN] if entry.status != "queued" and entry.created_at >= since else []
    if entry.status in _ENDS:
        recent = entry.ended_at is None or entry.ended_at >= since
        return [*begun, *([_ENDS[entry.status]] if recent else [])]
    return [*begun, *([_WAITS] if asks else [])]


def _run_json(entry: RunEntry) -> dict[str, Json]:
    return {
        "run": entry.id,
        "name": entry.name,
        "flow": entry.flow,
        "version": entry.version,
        "version_hash": entry.document[:12],
        "stage": entry.stage,
        "status": entry.status,
        "parent": entry.parent,
        "labels": dict(entry.labels),
    }


def _end(facts: list[Fact]) -> dict[str, Json]:
    last = facts[-1] if facts else None
    if isinstance(last, RunSucceeded):
        return {"output": last.output}
    return {"error": last.error} if isinstance(last, RunFailed | RunCancelled) else {}


def _question(asked: Ask | None) -> dict[str, Json]:
    if asked is None:
        return {}
    return {"path": asked.path, "signal": asked.name, "kind": asked.kind, "ask": cast("Json", dict(asked.ask))}
