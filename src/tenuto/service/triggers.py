"""Triggers: what starts flows where they are published, and nowhere else.

A publication brings its triggers with it, in its own transaction: `follow` refuses what another flow of the stage has
already, and writes the schedules. The table is what requests and events are looked up in. It is read off the publications;
a change of this process is seen at once, one of another process within two seconds.
"""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from tenuto.core.expressions import Value, compile_value
from tenuto.core.flow.findings import Findings, mapping
from tenuto.core.flow.paths import DEFAULT_METHOD, read_path
from tenuto.core.flow.triggers import TriggerReader
from tenuto.ports.publications import Publication
from tenuto.ports.schedules import Schedule
from tenuto.ports.store import Store, Transaction
from tenuto.ports.versions import Version
from tenuto.service.refusals import Refused
from tenuto.service.routes import Matched, Routes
from tenuto.service.ticks import next_tick

Json = object
Place = tuple[str, str]  # tenant, stage
Kind = Literal["http", "cron", "event"]

FRESH: Final = 2.0  # seconds that the table holds, as far as other processes are concerned
UTC_ZONE: Final = "UTC"


@dataclass(slots=True, frozen=True)
class Trigger:
    """One trigger of a published version. `index`: its place in the document. `said`: what the document says of it."""

    tenant: str
    stage: str
    flow: str
    version: int
    index: int
    kind: Kind
    said: Mapping[str, Json]
    beside: Mapping[str, Json]

    @property
    def source(self) -> str:
        """By which it is told from every other of the tenant, version after version."""
        return f"{self.kind}:{self.stage}:{self.flow}:{self.index}"

    def value(self, key: str) -> Value | None:
        """A value with expressions that it says, or has beside it."""
        given = self.said.get(key, self.beside.get(key))
        return None if given is None else compile_value(given)[0]


@dataclass(slots=True, frozen=True)
class _Declared:
    """What one publication brings."""

    version: int
    triggers: tuple[Trigger, ...] = ()

    def of(self, kind: Kind) -> list[Trigger]:
        return [trigger for trigger in self.triggers if trigger.kind == kind]


Publications = Mapping[tuple[str, str, str], _Declared]  # by tenant, stage, flow


@dataclass(slots=True)
class Triggers:
    """The table. `clock`: monotonic. It listens to the flows that are published (`service.shelf.Listener`)."""

    store: Store
    clock: Callable[[], float] = time.monotonic
    changed: asyncio.Event = field(default_factory=asyncio.Event)  # for whoever waits for the next tick
    _declared: Publications = field(default_factory=dict[tuple[str, str, str], _Declared])
    _routes: Mapping[Place, Routes[Trigger]] = field(default_factory=dict[Place, Routes[Trigger]])
    _events: Mapping[tuple[str, str], Sequence[Trigger]] = field(
        default_factory=dict[tuple[str, str], Sequence[Trigger]]
    )
    _until: float = -1.0
    _round: int = 0
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    # --- who asks

    async def route(self, tenant: str, stage: str, method: str, segments: Sequence[str]) -> Matched[Trigger]:
        """What takes this request."""
        await self._be_fresh()
        routes = self._routes.get((tenant, stage))
        return Matched() if routes is None else routes.match(method, segments)

    async def on_event(self, tenant: str, kind: str) -> Sequence[Trigger]:
        """What starts on events of this type."""
        await self._be_fresh()
        return self._events.get((tenant, kind), ())

    async def awaited(self) -> frozenset[tuple[str, str]]:
        """The types of events that some flow starts on, each with its tenant."""
        await self._be_fresh()
        return frozenset(self._events)

    async def cron(self, schedule: Schedule) -> Trigger | None:
        """The trigger of a schedule; None if it is not published any more."""
        await self._be_fresh()
        declared = self._declared.get((schedule.tenant, schedule.stage, schedule.flow), _Declared(0))
        found = (each for each in declared.of("cron") if each.index == schedule.index)
        return next(found, None) if declared.version == schedule.version else None

    async def crons(self) -> Sequence[Trigger]:
        """All of them, over all tenants."""
        await self._be_fresh()
        return [trigger for declared in self._declared.values() for trigger in declared.of("cron")]

    # --- who tells

    def published(self, publication: Publication) -> None:
        del publication
        self.forget()

    def unpublished(self, tenant: str, flow: str, stage: str) -> None:
        del tenant, flow, stage
        self.forget()

    def forget(self) -> None:
        """Look again before the next answer."""
        self._round += 1
        self._until = -1.0
        self.changed.set()

    # --- inside

    async def _be_fresh(self) -> None:
        if self.clock() < self._until:
            return
        async with self._lock:
            while self.clock() >= self._until:
                begun, asked = self._round, self.clock()
                await self._read()
                if begun == self._round:
                    self._until = asked + FRESH

    async def _read(self) -> None:
        async with self.store.read() as tx:
            declared = {
                (each.tenant, each.stage, each.flow): await self._known(tx, each)
                for each in await tx.publications.everywhere()
            }
        if declared != self._declared:
            self._declared = declared
            self._routes, self._events = _routes(declared), _events(declared)
            self.changed.set()

    async def _known(self, tx: Transaction, publication: Publication) -> _Declared:
        known = self._declared.get((publication.tenant, publication.stage, publication.flow))
        if known is not None and known.version == publication.version:
            return known
        version = await tx.versions.get(publication.tenant, publication.flow, publication.version)
        return _Declared(publication.version, () if version is None else declared_in(publication, version))


def declared_in(publication: Publication, version: Version) -> tuple[Trigger, ...]:
    """The triggers that a publication brings."""
    if '"triggers"' not in version.document:
        return ()
    document = mapping(json.loads(version.document)) or {}
    said = TriggerReader(Findings()).read(document["triggers"]) if "triggers" in document else ()
    found = (_trigger(publication, index, each) for index, each in enumerate(said))
    return tuple(trigger for trigger in found if trigger is not None)


async def follow(tx: Transaction, publication: Publication, version: Version) -> None:
    """Let the triggers of what is being published work: refused if another flow has one of its routes in that stage."""
    declared = declared_in(publication, version)
    await _refuse_taken(tx, publication, [each for each in declared if each.kind == "http"])
    before = await tx.schedules.list(publication.tenant, stage=publication.stage, flow=publication.flow)
    crons = [each for each in declared if each.kind == "cron"]
    if crons or before:
        schedules = [_schedule(each, before, publication.at) for each in crons]
        await tx.schedules.replace(publication.tenant, publication.stage, publication.flow, schedules)


def timezone_of(trigger: Trigger) -> str:
    return str(trigger.beside.get("timezone", UTC_ZONE))


def line_of(trigger: Trigger) -> str:
    return str(trigger.said["cron"])


def _schedule(trigger: Trigger, before: Sequence[Schedule], at: float) -> Schedule:
    """What ticked as it does now goes on where it was, a pause included; anything else begins now."""
    line, zone = line_of(trigger), timezone_of(trigger)
    same = next(
        (each for each in before if (each.index, each.cron, each.timezone) == (trigger.index, line, zone)), None
    )
    return Schedule(
        trigger.tenant,
        trigger.stage,
        trigger.flow,
        trigger.version,
        trigger.index,
        line,
        zone,
        last_tick=same.last_tick if same else None,
        next_due=same.next_due if same else next_tick(line, zone, at),
    )


def schedules_of(triggers: Sequence[Trigger], before: Sequence[Schedule], at: float) -> list[Schedule]:
    """The schedules of a flow's crons, going on where they were."""
    return [_schedule(trigger, before, at) for trigger in triggers]


async def _refuse_taken(tx: Transaction, publication: Publication, hooks: Sequence[Trigger]) -> None:
    if not hooks:
        return
    routes: Routes[Trigger] = Routes()
    for trigger in hooks:
        _add(routes, trigger)
    for other in await tx.publications.list(publication.tenant, stage=publication.stage):
        if other.flow == publication.flow:
            continue
        version = await tx.versions.get(other.tenant, other.flow, other.version)
        for trigger in declared_in(other, version) if version is not None else ():
            if trigger.kind == "http" and _add(routes, trigger) is not None:
                route = f"{trigger.said.get('method', DEFAULT_METHOD)} {trigger.said['path']}"
                raise Refused(
                    "conflict",
                    f"`{other.flow}` takes {route} in `{publication.stage}` already",
                    "give this one another path, or unpublish that flow",
                )


def _trigger(publication: Publication, index: int, said: Mapping[str, Json]) -> Trigger | None:
    for kind in ("http", "cron", "event"):
        if kind not in said:
            continue
        here = {"cron": said["cron"]} if kind == "cron" else mapping(said[kind])
        beside = {key: value for key, value in said.items() if key != kind}
        where = (publication.tenant, publication.stage, publication.flow, publication.version)
        return Trigger(*where, index, kind, here or {}, beside)
    return None


def _add(routes: Routes[Trigger], trigger: Trigger) -> Trigger | None:
    path = read_path(str(trigger.said.get("path", "")))
    return None if path.problems else routes.add(str(trigger.said.get("method", DEFAULT_METHOD)), path, trigger)


def _routes(publications: Publications) -> dict[Place, Routes[Trigger]]:
    """By place. Where two flows came to have one route all the same, the one that is first by name keeps it."""
    found: dict[Place, Routes[Trigger]] = {}
    for tenant, stage, flow in sorted(publications):
        for trigger in publications[tenant, stage, flow].of("http"):
            _add(found.setdefault((tenant, stage), Routes()), trigger)
    return found


def _events(publications: Publications) -> dict[tuple[str, str], list[Trigger]]:
    found: dict[tuple[str, str], list[Trigger]] = {}
    for key in sorted(publications):
        for trigger in publications[key].of("event"):
            found.setdefault((trigger.tenant, str(trigger.said["type"])), []).append(trigger)
    return found
