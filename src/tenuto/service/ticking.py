"""What makes schedules tick: a worker of the server.

A tick's run has an id that follows from the tick, and the tick is crossed off only when the run is durable. So a crash in
between, or two processes at once, start it once. Ticks that nobody was there for are one run, that of the first of them,
or none where the trigger says `missed: skip`; then it goes on from now.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from tenuto.core.flow.findings import brief
from tenuto.ports.journal import StorageFull
from tenuto.ports.records import Missing, Unavailable
from tenuto.ports.schedules import Schedule
from tenuto.service.launches import Launch, launch
from tenuto.service.platform import Platform
from tenuto.service.refusals import Refused
from tenuto.service.schedules import id_of, run_of, said_of
from tenuto.service.ticks import next_tick
from tenuto.service.triggers import Trigger, schedules_of

LATE: Final = 60.0  # seconds from which on a tick counts as missed
LONGEST_SLEEP: Final = 5.0  # seconds: another process may have published something
AT_ONCE: Final = 20
PAUSE: Final = 1.0  # seconds after something failed that will come right by itself
_PASSING: Final = (StorageFull, Unavailable)

_log = logging.getLogger("tenuto.schedules")


async def drive(platform: Platform, stop: asyncio.Event) -> None:
    """Until `stop` is set: start what is due, sleep until the next is."""
    shown = math.inf  # by the clock, when the schedules were last known to fit it
    while not stop.is_set():
        platform.triggers.changed.clear()
        now = platform.clock()
        if now >= shown or await _in_spite_of_trouble(platform, _reconcile) is not None:
            shown = now
        seconds = await _in_spite_of_trouble(platform, run_due)
        await _sleep(platform, stop, PAUSE if seconds is None else seconds)


async def run_due(platform: Platform) -> float:
    """Start the runs that are due, so many at once; how many seconds there are until the next."""
    async with platform.store.read() as tx:
        due = await tx.schedules.due(platform.clock(), limit=AT_ONCE)
        upcoming = await tx.schedules.next_due() if not due else None
    if not due:
        return LONGEST_SLEEP if upcoming is None else max(0.0, upcoming - platform.clock())
    settled = await asyncio.gather(*(_settle(platform, schedule) for schedule in due))
    await _cross_off(platform, [schedule for schedule, done in zip(due, settled, strict=True) if done])
    if all(settled):
        return 0.0
    platform.triggers.forget()
    return PAUSE


async def reconcile(platform: Platform) -> None:
    """Schedules for publications that have none yet, as after a restore: everything follows from what is published. And
    where the clock was put back, none waits until it has come again as far as it was."""
    flows: dict[tuple[str, str, str], list[Trigger]] = {}
    for trigger in await platform.triggers.crons():
        flows.setdefault((trigger.tenant, trigger.stage, trigger.flow), []).append(trigger)
    for (tenant, stage, flow), triggers in flows.items():
        async with platform.store.read() as tx:
            known = await tx.schedules.list(tenant, stage=stage, flow=flow)
        wanted = schedules_of(triggers, known, platform.clock())
        if [(each.version, each.index, each.cron) for each in known] != [
            (each.version, each.index, each.cron) for each in wanted
        ]:
            async with platform.store.write() as tx:
                await tx.schedules.replace(tenant, stage, flow, wanted)
        await _bring_forward(platform, known)


async def _bring_forward(platform: Platform, known: Sequence[Schedule]) -> None:
    """Those whose next tick is not the next that the clock will show. One that had its run before gets no other."""
    soonest = {
        each: next_tick(each.cron, each.timezone, platform.clock()) for each in known if each.next_due is not None
    }
    late = {each: tick for each, tick in soonest.items() if tick is not None and tick < (each.next_due or tick)}
    if late:
        async with platform.store.write() as tx:
            for schedule, tick in late.items():
                await tx.schedules.ticked(schedule, last_tick=schedule.last_tick, next_due=tick)


async def _reconcile(platform: Platform) -> float:
    with suppress(Missing):  # unpublished meanwhile
        await reconcile(platform)
    return 0.0


async def _settle(platform: Platform, schedule: Schedule) -> bool:
    """Start the run of the tick that is due. False: another version is being published at this moment, so not yet."""
    tick = schedule.next_due
    trigger = await platform.triggers.cron(schedule)
    if tick is None or trigger is None:
        return False
    if trigger.beside.get("missed") == "skip" and platform.clock() - tick > LATE:
        _log.info("schedule %s: the tick of %.0f was missed, and is skipped", id_of(schedule), tick)
        return True
    try:
        await launch(platform, Launch(trigger, said_of(schedule, tick), {}, run_of(schedule, tick)))
    except Refused as refused:  # it does not fit, or may not run now: the next tick may do better
        _log.warning("schedule %s of %s: no run: %s", id_of(schedule), brief(schedule.tenant), refused)
    return True


async def _cross_off(platform: Platform, ticked: Sequence[Schedule]) -> None:
    """Whoever else was faster has done the same."""
    now = platform.clock()
    async with platform.store.write() as tx:
        for schedule in ticked:
            due = schedule.next_due
            if due is not None:
                later = next_tick(schedule.cron, schedule.timezone, max(due, now))
                await tx.schedules.ticked(schedule, last_tick=due, next_due=later)


async def _in_spite_of_trouble(platform: Platform, work: Callable[[Platform], Awaitable[float]]) -> float | None:
    """None: it came to nothing this time, and is tried again. Nothing that was due is crossed off."""
    try:
        return await work(platform)
    except _PASSING as error:
        _log.warning("schedules wait: %s", error)
    except Exception:  # noqa: BLE001  the worker must outlive what nobody foresaw; it is logged, and tried again
        _log.exception("schedules wait: something unforeseen")
    return None


async def _sleep(platform: Platform, stop: asyncio.Event, seconds: float) -> None:
    """Until something is published, or the server stops, but no longer than so many seconds."""
    waits = [asyncio.ensure_future(event.wait()) for event in (stop, platform.triggers.changed)]
    await asyncio.wait(waits, timeout=min(seconds, LONGEST_SLEEP), return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
