"""Events start flows: once each, whoever tells them, and over crashes."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from service.house import NOW, Clock, House, opened, played
from tenuto.ports.bus import Envelope
from tenuto.ports.engine import StartRequest
from tenuto.service import events, relay
from tenuto.service.envelopes import TOPIC
from tenuto.service.events import Happened
from tenuto.service.refusals import Refused
from tenuto.stores.memory import MemoryJournal

ORDER = Happened("order.created", {"total": 150, "id": "o-1"}, "e-1")


def on(kind: str = "order.created", *, name: str = "listener", when: str = "", more: str = "", given: str = "") -> str:
    said = f", when: '{when}'" if when else ""
    return (
        f"flow: {name}\n{given}triggers: [{{event: {{type: {kind}{said}}}{more}}}]\n"
        'nodes: {a: {use: set, with: {value: "${trigger.event}"}}}\noutput: ${a}\n'
    )


WORK = "flow: work\nnodes: {a: {use: set, with: {value: 5}}}\noutput: ${a}\n"


async def tell(house: House, what: Happened = ORDER, tenant: str = "default") -> tuple[str, bool]:
    async with house.store.write() as tx:
        return await events.tell(house.platform, tx, house.who(tenant), what)


@asynccontextmanager
async def relaying(house: House) -> AsyncGenerator[None]:
    stop = asyncio.Event()
    worker = asyncio.create_task(relay.drive(house.platform, stop))
    await asyncio.sleep(0)
    try:
        yield
    finally:
        stop.set()
        await worker


async def started(house: House, count: int, flow: str = "listener") -> list[Any]:
    """What the runs of the flow were started with, once there are so many and nothing is left to be told."""
    async with asyncio.timeout(10):
        while len(runs := await house.runs(flow=flow)) < count or await pending(house):  # noqa: ASYNC110  as `until`
            await asyncio.sleep(0.01)
    return [await house.begun(run.id) for run in runs]


async def pending(house: House) -> int:
    async with house.store.read() as tx:
        return len(await tx.outbox.due(events.TOPIC, house.clock()))


class TestTold:
    def test_an_event_starts_what_waits_for_it(self):
        async def scene(house: House) -> None:
            await house.publish(on(given="input: {id: string, total: integer}\n"))
            await house.publish(on("order.deleted", name="others"))
            async with relaying(house):
                assert await tell(house) == ("e-1", False)

                (begun,) = await started(house, 1)

            assert begun.input == {"id": "o-1", "total": 150}
            event = begun.trigger["event"]
            assert (event["id"], event["type"], event["payload"]) == ("e-1", "order.created", ORDER.payload)
            assert (event["actor"], event["tenant"], event["time"]) == ("me", "default", "2027-01-15T08:00:00.000Z")
            assert await house.runs(flow="others") == []

        played(scene)

    def test_told_again_it_starts_nothing_again(self):
        async def scene(house: House) -> None:
            await house.publish(on())
            async with relaying(house):
                await tell(house)
                assert await tell(house) == ("e-1", True)
                await tell(house, replace(ORDER, id="e-2"))

                assert len(await started(house, 2)) == 2

        played(scene)

    @pytest.mark.parametrize(
        ("when", "starts"),
        [
            ("${event.payload.total > 100}", True),
            ("${event.payload.total > 200}", False),
            ('${trigger.event.id == "e-1"}', True),
            ("${event.payload.total}", False),
            ("${event.payload.nothing > 1}", False),
            ('${vars.stage == "dev"}', True),
        ],
    )
    def test_only_when_that_holds(self, when, starts):
        async def scene(house: House) -> None:
            await house.publish(on(when=when))
            await house.publish(on(name="always"))
            async with relaying(house):
                await tell(house)
                await started(house, 1, "always")

            assert len(await house.runs(flow="listener")) == starts

        played(scene)

    def test_one_that_does_not_fit_one_flow_starts_the_others(self):
        async def scene(house: House) -> None:
            await house.publish(on(name="a-misfit", given="input: {other: string}\n"))
            await house.publish(on())
            async with relaying(house):
                await tell(house)
                await started(house, 1)

            assert await house.runs(flow="a-misfit") == []

        played(scene)

    def test_another_tenants_events_are_not_heard(self):
        async def scene(house: House) -> None:
            await house.tenant("other")
            await house.publish(on())
            await house.publish(on(), tenant="other")
            async with relaying(house):
                await tell(house, tenant="other")
                await started(house, 1)

            assert [run.tenant for run in await house.runs()] == ["other"]

        played(scene)

    def test_each_stage_where_it_is_published_starts_one(self):
        async def scene(house: House) -> None:
            await house.publish(on())
            await house.publish(on(), "prod")
            async with relaying(house):
                await tell(house)
                await started(house, 2)

            assert sorted(run.stage for run in await house.runs()) == ["dev", "prod"]

        played(scene)

    @pytest.mark.parametrize(
        ("wrong", "code"),
        [
            ({"type": "a b"}, "invalid"),
            ({"type": ""}, "invalid"),
            ({"type": "run.succeeded"}, "invalid"),
            ({"id": ""}, "invalid"),
            ({"id": "a b"}, "invalid"),
            ({"payload": "\ud800"}, "invalid"),
            ({"payload": "x" * 300_000}, "too_large"),
            ({"hops": 9}, "loop"),
        ],
    )
    def test_what_cannot_be_told(self, wrong, code):
        async def scene(house: House) -> None:
            with pytest.raises(Refused) as error:
                await tell(house, replace(ORDER, **wrong))

            assert error.value.code == code

        played(scene)


class TestCrashes:
    def test_that_it_was_seen_and_that_it_is_to_be_told_are_one_transaction(self):
        """I7: there is no moment in which it would be refused as told before, and told to nobody."""

        async def scene(house: House) -> None:
            async with house.store.write() as tx:
                await events.tell(house.platform, tx, house.who(), ORDER)

                assert len(await tx.outbox.due(TOPIC, house.clock())) == 1

        played(scene)

    def test_what_was_told_before_a_crash_is_not_lost_and_starts_once(self):
        """P15: the event is durable with its acknowledgement; here the server dies before it is published, and after."""

        async def scene() -> None:
            journal, clock = MemoryJournal(), Clock()
            async with opened(journal=journal, clock=clock) as house:
                await house.publish(on())
                await tell(house)  # and nobody published it

                async with opened(journal=journal, store=house.store, clock=clock) as second:
                    envelope = Envelope("e-1", "order.created", NOW, "default", "me", ORDER.payload)
                    await events.start_flows(second.platform, envelope)  # it started, and was not crossed off

                async with opened(journal=journal, store=house.store, clock=clock) as third, relaying(third):
                    assert len(await started(third, 1)) == 1

        asyncio.run(scene())

    def test_what_is_not_taken_is_sent_again_until_it_is(self, monkeypatch):
        async def scene(house: House) -> None:
            monkeypatch.setattr(relay, "LONGEST_SLEEP", 0.01)
            await house.publish(on())
            start, failures = house.host.start, iter(range(2))

            async def fails(request: Any) -> str:
                if next(failures, None) is not None:
                    raise OSError("the disk sulks")
                return await start(request)

            monkeypatch.setattr(house.host, "start", fails)
            async with relaying(house):
                await tell(house)
                for _ in range(4):
                    await asyncio.sleep(0.05)
                    house.clock.now += 4
                assert len(await started(house, 1)) == 1

        played(scene)

    def test_what_nobody_takes_in_three_days_is_given_up_and_kept(self, monkeypatch):
        async def scene(house: House) -> None:
            monkeypatch.setattr(relay, "LONGEST_SLEEP", 0.01)

            async def never(_: Envelope) -> None:
                raise OSError("no")

            house.platform.bus.subscribe(never)
            async with relaying(house):
                await tell(house)
                house.clock.now += relay.GIVEN_UP + 1
                async with asyncio.timeout(5):
                    while True:
                        house.clock.now += 1
                        async with house.store.read() as tx:
                            if (dead := await tx.outbox.dead("default")).items:
                                break
                        await asyncio.sleep(0.02)

            assert [message.id for message in dead.items] == ["event:e-1"]

        played(scene)


class TestRuns:
    async def _work(self, house: House, trigger: dict[str, Any] | None = None, text: str = WORK) -> str:
        name, version = await house.save(text)
        flow = (await house.platform.flows.published.resolve("default", name, version)).flow
        return await house.host.start(StartRequest(flow, {}, trigger=trigger))

    @pytest.mark.parametrize("kind", ["run.started", "run.succeeded"])
    def test_tell_what_becomes_of_them(self, kind):
        async def scene(house: House) -> None:
            await house.publish(on(kind, when='${event.payload.flow == "work"}'))
            async with relaying(house):
                run = await self._work(house)
                (begun,) = await started(house, 1)

            event = begun.trigger["event"]
            assert (event["type"], event["correlation"], event["payload"]["run"]) == (kind, run, run)
            assert event["payload"].get("output") == (5 if kind == "run.succeeded" else None)

        played(scene)

    def test_that_fail_say_why(self):
        async def scene(house: House) -> None:
            await house.publish(on("run.failed"))
            async with relaying(house):
                await self._work(house, text='flow: fails\nnodes: {a: {use: fail, with: {message: "no"}}}\n')
                (begun,) = await started(house, 1)

            assert begun.trigger["event"]["payload"]["error"]["message"] == "no"

        played(scene)

    def test_that_wait_for_a_person_say_for_what_once(self):
        async def scene(house: House) -> None:
            await house.publish(on("run.waiting"))
            asks = 'flow: asks\nnodes: {ok: {use: approval, with: {question: "Go?"}}}\n'
            async with relaying(house):
                run = await self._work(house, text=asks)
                (begun,) = await started(house, 1)
                await house.host.signal(run, "unrelated", 1)
                await house.host.signal(run, "ok", {"approved": True})
                await house.host.outcome(run)
                await asyncio.sleep(0.05)

            payload = begun.trigger["event"]["payload"]
            assert (payload["path"], payload["kind"], payload["ask"]["question"]) == ("ok", "approval", "Go?")
            assert len(await house.runs(flow="listener")) == 1

        played(scene)

    def test_a_flow_that_starts_on_its_own_end_comes_to_an_end(self):
        """SECURITY 91: eight follow, and no ninth."""

        async def scene(house: House) -> None:
            await house.publish(on("run.succeeded"))
            async with relaying(house):
                await self._work(house)
                await started(house, 8)
                await asyncio.sleep(0.2)

            assert len(await house.runs(flow="listener")) == 8

        played(scene)

    @pytest.mark.parametrize("kind", ["run.started", "run.succeeded"])
    def test_that_ended_in_a_crash_before_it_was_told_are_told_by_the_next_server(self, kind):
        """P15: derived from the journal, so that what is recorded is told."""

        async def scene() -> None:
            journal, clock = MemoryJournal(), Clock()
            async with opened(journal=journal, clock=clock) as house:
                await house.publish(on(kind, when='${event.payload.flow == "work"}'))
                async with relaying(house):
                    await asyncio.sleep(0.05)
                clock.now += 100
                run = await self._work(house)  # nobody relays: the server died as the end was recorded
                await house.host.outcome(run)

                clock.now += 7 * 86_400
                async with opened(journal=journal, store=house.store, clock=clock) as again, relaying(again):
                    (begun,) = await started(again, 1)
                    assert begun.trigger["event"]["payload"]["run"] == run
                async with opened(journal=journal, store=house.store, clock=clock) as third, relaying(third):
                    await asyncio.sleep(0.1)
                    assert len(await third.runs(flow="listener")) == 1

        asyncio.run(scene())

    def test_that_nobody_asks_after_cost_nothing(self, monkeypatch):
        async def scene(house: House) -> None:
            told: list[Envelope] = []

            async def taken(envelope: Envelope) -> None:
                told.append(envelope)

            house.platform.bus.subscribe(taken)
            async with relaying(house):
                await house.host.outcome(await self._work(house))
                await asyncio.sleep(0.05)

            assert told == []

        played(scene)
