"""P7: timers never fire early, whatever the clock does, and overdue ones fire at once."""

import asyncio

from hosts.local.harness import opened
from tenuto.hosts.local.timers import Timers
from tenuto.ports.engine import StartRequest
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.host_conformance import flow_of

WAIT = flow_of("wait", {"nodes": {"a": {"use": "wait", "with": {"for": "10s"}}}})


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Scene:
    def __init__(self) -> None:
        self.clock = Clock()
        self.fired: list[tuple[str, str]] = []
        self.timers = Timers(self.clock, lambda run, path: self.fired.append((run, path)))


async def test_a_timer_fires_when_its_time_has_come_and_not_before() -> None:
    scene = Scene()
    scene.timers.set("r", "a", scene.clock.now + 1)

    scene.timers.check()
    scene.clock.now += 0.999
    scene.timers.check()
    early = list(scene.fired)
    scene.clock.now += 0.001
    scene.timers.check()

    assert early == []
    assert scene.fired == [("r", "a")]


async def test_a_wake_up_that_comes_too_soon_fires_nothing() -> None:
    """The loop's clock and the wall's are two: when the wall's was put back, the timer waits on."""
    scene = Scene()
    scene.timers.set("r", "a", scene.clock.now + 0.02)
    scene.clock.now -= 3600
    await asyncio.sleep(0.05)

    assert scene.fired == []


async def test_an_overdue_timer_fires_at_once() -> None:
    scene = Scene()
    scene.timers.set("r", "a", scene.clock.now - 100)
    await asyncio.sleep(0.01)

    assert scene.fired == [("r", "a")]


async def test_setting_a_timer_again_moves_it() -> None:
    scene = Scene()
    scene.timers.set("r", "a", scene.clock.now + 1)
    scene.timers.set("r", "a", scene.clock.now + 2)
    scene.timers.set("r", "a", scene.clock.now + 2)
    scene.clock.now += 1.5
    scene.timers.check()
    between = list(scene.fired)
    scene.clock.now += 1
    scene.timers.check()

    assert between == []
    assert scene.fired == [("r", "a")]


async def test_the_timers_of_a_run_that_ended_are_forgotten() -> None:
    scene = Scene()
    for number in range(5_000):
        scene.timers.set(f"r{number}", "a", scene.clock.now + 3600)
        scene.timers.forget(f"r{number}")
    scene.timers.set("last", "a", scene.clock.now + 1)
    scene.clock.now += 10_000
    scene.timers.check()

    assert len(scene.timers._heap) < 2_500
    assert ("last", "a") in scene.fired or scene.timers.next_due("last") is not None


async def test_ten_thousand_at_once_leave_the_loop_room() -> None:
    """R25: each fires once, in slices."""
    scene = Scene()
    for number in range(10_000):
        scene.timers.set(f"r{number}", "a", scene.clock.now + 1 + number / 1e6)
    scene.clock.now += 2
    others = 0
    while len(scene.fired) < 10_000:
        scene.timers.check()
        await asyncio.sleep(0)
        others += 1

    assert len(set(scene.fired)) == 10_000
    assert others > 10


async def test_a_clock_that_is_put_forward_is_noticed() -> None:
    clock = Clock()
    async with opened(clock=clock) as harness:
        run = await harness.host.start(StartRequest(WAIT))
        clock.now += 11
        harness.host.services.timers.check()
        outcome = await asyncio.wait_for(harness.outcome(run), 2)
        facts = [fact for _, fact in await harness.facts(run)]

    fired = next(fact for fact in facts if fact.type == "timer.fired")
    due = next(fact for fact in facts if fact.type == "timer.set")
    assert outcome.status == "succeeded"
    assert fired.at >= getattr(due, "due", 0)


async def test_a_timer_that_came_due_while_nobody_was_there_fires_at_recovery() -> None:
    """P7: after a restart, overdue ones fire at once."""
    clock, journal = Clock(), MemoryJournal()
    async with opened(journal, clock=clock) as harness:
        run = await harness.host.start(StartRequest(WAIT))
    clock.now += 3600
    async with opened(journal, clock=clock, epoch=2) as harness:
        taken = [each async for each in harness.host.recover()]
        outcome = await asyncio.wait_for(harness.outcome(run), 2)

    assert [each.run for each in taken] == [run]
    assert outcome.status == "succeeded"
