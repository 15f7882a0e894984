"""Schedules: cron triggers of what is published. Looking at them, pausing, firing by hand. What makes them tick is `ticking`.

A schedule is paused by having no next tick though its line has one. Its runs are known by their ids, which follow from
the schedule and the tick, so the last run needs no record of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tenuto.ports.journal import RunEntry
from tenuto.ports.schedules import Schedule
from tenuto.ports.store import Transaction
from tenuto.service.audit import audit
from tenuto.service.launches import Launch, launch, run_id
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused, did_you_mean
from tenuto.service.runs import moment
from tenuto.service.ticks import next_tick, next_ticks

Json = object

SHOWN: Final = 5  # ticks that are to come


@dataclass(slots=True, frozen=True)
class ScheduleView:
    """A schedule as it is shown. `next`: when it ticks, soonest first; empty while it is paused."""

    schedule: Schedule
    paused: bool
    next: Sequence[float]
    last_run: RunEntry | None

    @property
    def id(self) -> str:
        return id_of(self.schedule)


def id_of(schedule: Schedule) -> str:
    """Stable over versions: the stage, the flow, and which of its triggers it is."""
    return f"{schedule.stage}.{schedule.flow}.{schedule.index}"


def run_of(schedule: Schedule, tick: float) -> str:
    """The id of the run of that tick: whoever comes to start it starts this one."""
    return run_id(tick, "cron", schedule.tenant, schedule.stage, schedule.flow, str(schedule.index), f"{tick:.3f}")


async def listing(platform: Platform, tx: Transaction, who: Principal) -> list[ScheduleView]:
    """All of the tenant, by stage and flow."""
    return [await _view(platform, who, each) for each in await tx.schedules.list(who.tenant)]


async def get(platform: Platform, tx: Transaction, who: Principal, name: str) -> ScheduleView:
    return await _view(platform, who, await _find(tx, who, name))


async def pause(platform: Platform, tx: Transaction, who: Principal, name: str) -> ScheduleView:
    """No ticks until it is resumed; a new version of the flow with the same line stays paused."""
    schedule = await _find(tx, who, name)
    return await _set(platform, tx, who, schedule, "schedules.pause", None)


async def resume(platform: Platform, tx: Transaction, who: Principal, name: str) -> ScheduleView:
    """From now on; what would have ticked meanwhile is not made up for."""
    schedule = await _find(tx, who, name)
    if not _paused(schedule, platform.clock()):
        return await _view(platform, who, schedule)
    due = next_tick(schedule.cron, schedule.timezone, platform.clock())
    tx.after_commit(platform.triggers.changed.set)
    return await _set(platform, tx, who, schedule, "schedules.resume", due)


async def fire(platform: Platform, who: Principal, name: str) -> RunEntry:
    """A run now, as if it had ticked; its ticks stay as they are."""
    async with platform.store.write() as tx:
        schedule = await _find(tx, who, name)
        await audit(tx, who, "schedules.trigger", id_of(schedule), at=platform.clock())
    trigger = await platform.triggers.cron(schedule)
    if trigger is None:
        raise Refused("conflict", "the flow is being published at this moment", "try again")
    said = {**said_of(schedule, platform.clock()), "manual": True, "by": who.by}
    run = await launch(platform, Launch(trigger, said, {}, platform.names.run_id()))
    entry = await platform.archive.within(who.tenant).entry(run)
    assert entry is not None, "a run that was started is in the journal"
    return entry


def said_of(schedule: Schedule, tick: float) -> dict[str, Json]:
    """What the run reads as `trigger`."""
    return {"type": "cron", "time": moment(tick), "cron": schedule.cron, "timezone": schedule.timezone, "hops": 0}


async def _find(tx: Transaction, who: Principal, name: str) -> Schedule:
    known = {id_of(schedule): schedule for schedule in await tx.schedules.list(who.tenant)}
    if name not in known:
        hint = did_you_mean(name[:200], known) or "a flow with a `cron` trigger has one where it is published"
        raise Refused("not_found", f"there is no schedule `{name[:200]}`", hint)
    return known[name]


async def _set(
    platform: Platform, tx: Transaction, who: Principal, schedule: Schedule, act: str, due: float | None
) -> ScheduleView:
    if not await tx.schedules.ticked(schedule, last_tick=schedule.last_tick, next_due=due):
        raise Refused("conflict", "it ticks at this very moment", "try again")
    await audit(tx, who, act, id_of(schedule), at=platform.clock())
    return await _view(platform, who, await _find(tx, who, id_of(schedule)))


async def _view(platform: Platform, who: Principal, schedule: Schedule) -> ScheduleView:
    now, due = platform.clock(), schedule.next_due
    later = [] if due is None else next_ticks(schedule.cron, schedule.timezone, max(due, now), SHOWN)
    coming = later if due is None or due <= now else [due, *later][:SHOWN]
    last = schedule.last_tick
    run = None if last is None else await platform.archive.within(who.tenant).entry(run_of(schedule, last))
    return ScheduleView(schedule, _paused(schedule, now), coming, run)


def _paused(schedule: Schedule, now: float) -> bool:
    return schedule.next_due is None and next_tick(schedule.cron, schedule.timezone, now) is not None
