"""Schedules tick: never early, once each, over crashes and other processes."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from service.house import NOW, Clock, House, opened, played
from tenuto.service import schedules, ticking
from tenuto.service.refusals import Refused
from tenuto.stores.memory import MemoryJournal


def cron(line: str = "* * * * *", more: str = "", name: str = "minutely", given: str = "") -> str:
    return (
        f"flow: {name}\n{given}triggers: [{{cron: '{line}'{more}}}]\n"
        'nodes: {a: {use: set, with: {value: "${trigger.time}"}}}\noutput: ${a}\n'
    )


class Killed(BaseException):
    """What nothing catches."""


async def times(house: House) -> list[str]:
    """The ticks whose runs were started, in order."""
    begun = [await house.begun(entry.id) for entry in await house.runs()]
    return sorted(fact.trigger["time"][11:19] for fact in begun)


async def pass_time(house: House, seconds: float) -> None:
    house.clock.now += seconds
    await ticking.run_due(house.platform)


class TestTicks:
    def test_start_a_run_each_and_never_early(self):
        async def scene(house: House) -> None:
            await house.publish(cron())

            await pass_time(house, 59.999)
            assert await times(house) == []
            await pass_time(house, 0.001)
            assert await times(house) == ["08:01:00"]
            for _ in range(3):
                await pass_time(house, 30)

            assert await times(house) == ["08:01:00", "08:02:00"]
            assert (await house.runs())[0].labels == {"trigger": "cron"}

        played(scene)

    def test_say_when_the_next_is_due(self):
        async def scene(house: House) -> None:
            assert await ticking.run_due(house.platform) == ticking.LONGEST_SLEEP
            await house.publish(cron())
            house.clock.now += 58

            assert await ticking.run_due(house.platform) == 2

        played(scene)

    def test_end_where_nothing_is_published_any_more(self):
        async def scene(house: House) -> None:
            await house.publish(cron())
            await pass_time(house, 60)
            await house.unpublish("minutely")

            await pass_time(house, 600)

            assert len(await house.runs()) == 1

        played(scene)

    def test_go_by_the_clock_of_their_zone(self):
        async def scene(house: House) -> None:
            await house.publish(cron("30 2 * * *", ", timezone: Europe/Vienna"))
            house.clock.now = datetime(2027, 3, 27, 12, tzinfo=UTC).timestamp()
            await ticking.run_due(house.platform)
            before = len(await house.runs())

            for _ in range(48):
                await pass_time(house, 1800)

            (run,) = (await house.runs())[before:]
            assert (await house.begun(run.id)).trigger["time"] == "2027-03-28T01:00:00.000Z"

        played(scene)

    def test_are_given_what_their_trigger_says(self):
        async def scene(house: House) -> None:
            given = "input: {day: string, n: {type: integer, default: 3}}\n"
            await house.publish(cron(more=", input: {day: '${trigger.time}'}", given=given))

            await pass_time(house, 60)

            begun = await house.begun((await house.runs())[0].id)
            assert begun.input == {"day": "2027-01-15T08:01:00.000Z", "n": 3}

        played(scene)

    def test_that_do_not_fit_hold_up_nobody(self):
        async def scene(house: House) -> None:
            await house.publish(cron(name="wrong", given="input: {day: string}\n"))
            await house.publish(cron())

            await pass_time(house, 60)
            await pass_time(house, 60)

            assert {entry.flow for entry in await house.runs()} == {"minutely"}
            assert len(await house.runs()) == 2

        played(scene)


class TestMissed:
    def test_ticks_are_one_run_and_then_it_goes_on(self):
        async def scene(house: House) -> None:
            await house.publish(cron())

            await pass_time(house, 3 * 3600 + 10)
            assert await times(house) == ["08:01:00"]
            await pass_time(house, 50)

            assert await times(house) == ["08:01:00", "11:01:00"]

        played(scene)

    def test_ticks_are_skipped_where_that_is_said(self):
        async def scene(house: House) -> None:
            await house.publish(cron(more=", missed: skip"))

            await pass_time(house, 3 * 3600 + 10)
            assert await times(house) == []
            await pass_time(house, 50)

            assert await times(house) == ["11:01:00"]

        played(scene)

    def test_a_tick_that_is_a_little_late_is_not_missed(self):
        async def scene(house: House) -> None:
            await house.publish(cron(more=", missed: skip"))

            await pass_time(house, 60 + 59)

            assert await times(house) == ["08:01:00"]

        played(scene)


class TestOnce:
    @pytest.mark.parametrize("crash", ["before the start", "after the start"])
    def test_a_crash_loses_no_tick_and_starts_none_twice(self, crash, monkeypatch):
        async def scene() -> None:
            journal, clock = MemoryJournal(), Clock()
            async with opened(journal=journal, clock=clock) as house:
                await house.publish(cron())

                async def killed(*_: Any) -> None:
                    raise Killed

                monkeypatch.setattr(ticking, "launch" if crash == "before the start" else "_cross_off", killed)
                with pytest.raises(Killed):
                    await pass_time(house, 60)
                monkeypatch.undo()
                clock.now += 200

                async with opened(journal=journal, store=house.store, clock=clock) as again:
                    await ticking.run_due(again.platform)
                    assert await times(again) == ["08:01:00"]
                    await pass_time(again, 60)
                    assert len(await again.runs()) == 2

        asyncio.run(scene())

    def test_two_processes_at_once_start_one_run(self):
        async def scene(house: House) -> None:
            await house.publish(cron())
            house.clock.now += 60

            await asyncio.gather(*(ticking.run_due(house.platform) for _ in range(5)))

            assert len(await house.runs()) == 1

        played(scene)

    def test_schedules_follow_from_what_is_published(self):
        async def scene(house: House) -> None:
            await house.publish(cron())
            async with house.store.write() as tx:
                await tx.schedules.replace("default", "dev", "minutely", [])

            await ticking.reconcile(house.platform)
            await ticking.reconcile(house.platform)
            await pass_time(house, 60)

            assert await times(house) == ["08:01:00"]

        played(scene)


class TestClock:
    @pytest.mark.parametrize("back", [1_800, 30 * 86_400])
    def test_a_schedule_does_not_wait_for_one_that_was_put_back(self, back: float):
        """R07: it ticks by what the clock shows now; a tick that had its run gets no other."""

        async def scene(house: House) -> None:
            await house.publish(cron())
            await pass_time(house, 60)
            stop = asyncio.Event()
            worker = asyncio.create_task(ticking.drive(house.platform, stop))
            await asyncio.sleep(0.05)

            for passed, runs in ((-back, 1), (60, 2), (back, 3)):
                house.clock.now += passed
                house.platform.triggers.changed.set()
                await asyncio.wait_for(house.until(runs), 5)
                await asyncio.sleep(0.05)
            stop.set()
            await worker

            assert len(set(await times(house))) == len(await house.runs()) == 3

        played(scene)


class TestByHand:
    def test_a_schedule_is_shown_with_its_next_ticks_and_its_last_run(self):
        async def scene(house: House) -> None:
            await house.publish(cron())
            await pass_time(house, 60)

            async with house.store.read() as tx:
                (view,) = await schedules.listing(house.platform, tx, house.who())

            (run,) = await house.runs()
            assert (view.id, view.paused, view.last_run and view.last_run.id) == ("dev.minutely.0", False, run.id)
            assert view.next == [NOW + 120 + 60 * each for each in range(5)]

        played(scene)

    def test_a_paused_one_does_not_tick_nor_make_up_for_it(self):
        async def scene(house: House) -> None:
            await house.publish(cron())
            async with house.store.write() as tx:
                paused = await schedules.pause(house.platform, tx, house.who(), "dev.minutely.0")
            assert (paused.paused, paused.next) == (True, [])
            await house.publish(cron(more=", missed: once"))  # a new version with the same line
            await pass_time(house, 600)
            assert await house.runs() == []

            async with house.store.write() as tx:
                resumed = await schedules.resume(house.platform, tx, house.who(), "dev.minutely.0")
            await ticking.run_due(house.platform)
            assert (resumed.paused, resumed.next[0]) == (False, NOW + 660)
            assert await house.runs() == []
            await pass_time(house, 60)

            assert await times(house) == ["08:11:00"]

        played(scene)

    def test_one_is_fired_now_and_ticks_as_before(self):
        async def scene(house: House) -> None:
            await house.publish(cron())

            entry = await schedules.fire(house.platform, house.who(), "dev.minutely.0")

            begun = await house.begun(entry.id)
            assert (begun.trigger["manual"], begun.trigger["by"]) == (True, "me")
            await pass_time(house, 60)
            assert len(await house.runs()) == 2

        played(scene)

    def test_another_tenants_is_not_there(self):
        async def scene(house: House) -> None:
            await house.tenant("other")
            await house.publish(cron())

            async with house.store.read() as tx:
                assert await schedules.listing(house.platform, tx, house.who("other")) == []
                with pytest.raises(Refused) as error:
                    await schedules.get(house.platform, tx, house.who("other"), "dev.minutely.0")

            assert error.value.code == "not_found"

        played(scene)


class TestTheWorker:
    def test_ticks_in_real_time_what_is_published_while_it_sleeps(self):
        async def scene(house: House) -> None:
            house.clock.now = time.time()
            house.platform.clock = house.platform.flows.clock = time.time
            stop = asyncio.Event()
            worker = asyncio.create_task(ticking.drive(house.platform, stop))
            await asyncio.sleep(0.05)

            await house.publish(cron("* * * * * *"))
            await house.until(2)
            stop.set()
            await asyncio.wait_for(worker, 1)

            ticks = await times(house)
            assert len(set(ticks)) == len(ticks)

        played(scene)

    def test_outlives_what_goes_wrong(self, monkeypatch):
        async def scene(house: House) -> None:
            monkeypatch.setattr(ticking, "PAUSE", 0.01)
            await house.publish(cron())
            house.clock.now += 60
            start, failures = house.host.start, iter(range(3))

            async def fails(request: Any) -> str:
                if next(failures, None) is not None:
                    raise OSError("nobody foresaw this")
                return await start(request)

            monkeypatch.setattr(house.host, "start", fails)
            stop = asyncio.Event()
            worker = asyncio.create_task(ticking.drive(house.platform, stop))
            await house.until(1)
            stop.set()
            await worker

            assert await times(house) == ["08:01:00"]

        played(scene)


@pytest.mark.serial
def test_a_thousand_that_tick_every_second_do_not_hold_up_the_loop():
    """SECURITY 91, 92: whoever else is served meanwhile hardly notices."""

    async def scene(house: House) -> None:
        house.platform.clock = house.platform.flows.clock = time.time
        for number in range(50):
            line = ", ".join("{cron: '* * * * * *'}" for _ in range(20))
            await house.publish(
                f"flow: f{number}\ntriggers: [{line}]\nnodes: {{a: {{use: set, with: {{value: 1}}}}}}\n"
            )
        stop, lags = asyncio.Event(), list[float]()
        worker = asyncio.create_task(ticking.drive(house.platform, stop))
        until = time.monotonic() + 5
        while time.monotonic() < until:
            begun = time.perf_counter()
            await asyncio.sleep(0.005)
            lags.append(time.perf_counter() - begun - 0.005)
        stop.set()
        await worker

        lags.sort()
        assert lags[int(len(lags) * 0.99)] < 0.1
        assert len(await house.runs()) > 100  # how many it can start is the machine's business

    played(scene, 60)
