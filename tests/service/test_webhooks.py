"""Webhooks: what happens is sent to whoever subscribed, signed, at least once, under one id; trouble stays where it is."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from service.house import Clock, House, opened, played
from service.receiver import receiving
from service.test_events import ORDER, WORK, relaying, tell
from tenuto.ports.bus import Envelope
from tenuto.ports.engine import StartRequest
from tenuto.ports.webhooks import Webhook, WebhookDelivery
from tenuto.service import courier, housekeeping, relay, sending, webhooks
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.subscriptions import covers
from tenuto.service.webhooks import Wish
from tenuto.stores.memory import MemoryJournal
from tenuto.stores.sql import open_store

DAY = 86_400.0


async def add(house: House, url: str, *types: str, tenant: str = "default", **more: Any) -> tuple[Webhook, str]:
    async with house.store.write() as tx:
        wish = Wish(url=url, types=types or ("*",), **more)
        desk = webhooks.desk_of(house.platform.courier)
        return await webhooks.create(desk, tx, house.who(tenant), wish, at=house.clock())


async def change(house: House, webhook: Webhook, **said: Any) -> Webhook:
    async with house.store.write() as tx:
        desk = webhooks.desk_of(house.platform.courier)
        return await webhooks.change(desk, tx, house.who(), webhook.id, said, at=house.clock())


async def look(house: House, webhook: Webhook) -> Webhook:
    async with house.store.read() as tx:
        return await webhooks.get(tx, house.who(webhook.tenant), webhook.id)


async def sent(house: House, webhook: Webhook) -> list[WebhookDelivery]:
    """The newest first."""
    async with house.store.read() as tx:
        return [*(await webhooks.deliveries(tx, house.who(webhook.tenant), webhook.id, limit=500)).items]


async def settled(house: House, webhook: Webhook, count: int = 1, *, attempts: int = 0) -> list[WebhookDelivery]:
    """What was sent, once there are so many and each was tried so often or is over."""
    async with asyncio.timeout(15):
        while True:
            found = await sent(house, webhook)
            over = [each for each in found if each.next_due is None or (attempts and each.attempts >= attempts)]
            if len(over) >= count:
                return found
            await asyncio.sleep(0.01)


async def run_of(house: House, text: str = WORK, tenant: str = "default", **more: Any) -> str:
    name, version = await house.save(text, tenant)
    flow = (await house.platform.flows.published.resolve(tenant, name, version)).flow
    return await house.host.start(StartRequest(flow, {}, tenant=tenant, **more))


@asynccontextmanager
async def working(house: House) -> AsyncGenerator[None]:
    """The relay and the sender of a server."""
    stop = asyncio.Event()
    worker = asyncio.create_task(sending.drive(house.platform, stop))
    try:
        async with relaying(house):
            yield
    finally:
        stop.set()
        await worker


class TestSent:
    def test_the_end_of_a_run_is_sent_signed_in_the_envelope_of_the_bus(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                webhook, secret = await add(house, receiver.url, "run.succeeded")
                run = await run_of(house, labels={"team": "ops"})
                (came,) = await receiver.until(1)

                (delivery,) = await settled(house, webhook)

            assert came.signed_with(secret)
            assert came.headers["content-type"] == "application/json"
            assert came.event["type"] == "run.succeeded"
            assert came.event.keys() == {
                "eventId", "type", "occurredAt", "tenantId", "correlationId", "actor", "payload", "hops"
            }  # fmt: skip
            payload = came.event["payload"]
            assert (payload["run"], payload["output"], payload["labels"]) == (run, 5, {"team": "ops"})
            assert (delivery.id, delivery.status, delivery.status_code) == (came.id, "delivered", 204)

        played(scene)

    @pytest.mark.parametrize(
        ("kind", "text"),
        [
            ("run.failed", 'flow: work\nnodes: {a: {use: fail, with: {message: "no"}}}\n'),
            ("run.waiting", 'flow: work\nnodes: {a: {use: approval, with: {question: "Go?"}}}\n'),
            ("run.started", WORK),
        ],
    )
    def test_what_runs_tell_is_sent(self, kind, text):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                await add(house, receiver.url, kind)
                await run_of(house, text)
                (came,) = await receiver.until(1)

            assert came.event["type"] == kind

        played(scene)

    def test_a_cancel_is_sent(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                await add(house, receiver.url, "run.cancelled")
                run = await run_of(house, "flow: work\nnodes: {a: {use: wait, with: {for: 1h}}}\n")
                await house.host.cancel(run)
                (came,) = await receiver.until(1)

            assert came.event["payload"]["status"] == "cancelled"

        played(scene)

    def test_publishing_and_what_others_tell_is_sent(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                await add(house, receiver.url, "flow.*", "order.created")
                await house.publish(WORK)
                await house.unpublish("work")
                await tell(house)
                came = await receiver.until(3)

            told = {each.event["type"]: each.event["payload"] for each in came}
            assert told["flow.published"] == {"flow": "work", "stage": "dev", "version": 1, "before": None}
            assert told["flow.unpublished"] == {"flow": "work", "stage": "dev"}
            assert told["order.created"] == ORDER.payload

        played(scene)

    def test_only_what_a_webhook_asks_for_is_sent(self):
        other = WORK.replace("flow: work", "flow: other")

        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                flow, _ = await add(house, receiver.url, "run.succeeded", flow="other")
                stage, _ = await add(house, receiver.url, "run.succeeded", stage="prod")
                labelled, _ = await add(house, receiver.url, "run.succeeded", labels={"team": "ops"})
                off, _ = await add(house, receiver.url, "run.succeeded", active=False)
                everything, _ = await add(house, receiver.url, "run.succeeded")
                runs = [
                    await run_of(house),
                    await run_of(house, other),
                    await run_of(house, stage="prod"),
                    await run_of(house, labels={"team": "ops", "x": "y"}),
                ]
                await settled(house, everything, 4)

                found = [[each.event for each in await sent(house, hook)] for hook in (flow, stage, labelled, off)]

            assert found == [[f"{runs[1]}:succeeded"], [f"{runs[2]}:succeeded"], [f"{runs[3]}:succeeded"], []]

        played(scene)

    def test_what_happened_before_is_not_sent(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                await house.host.outcome(await run_of(house))
                house.clock.now += 1
                await add(house, receiver.url, "run.succeeded")
                run = await run_of(house)
                (came,) = await receiver.until(1)

            assert came.event["payload"]["run"] == run

        played(scene)

    def test_another_tenants_events_are_not_sent(self):
        async def scene(house: House) -> None:
            await house.tenant("other")
            async with receiving() as ours, receiving() as theirs, working(house):
                await add(house, ours.url)
                await add(house, theirs.url, tenant="other")
                run = await run_of(house, tenant="other")
                await theirs.until(2)

            assert {each.event["payload"]["run"] for each in theirs.came} == {run}
            assert ours.came == []

        played(scene)

    def test_what_is_too_long_for_any_receiver_is_left_out_and_that_is_said(self):
        text = "flow: work\nnodes: {a: {use: set, with: {value: '" + "x" * 300_000 + "'}}}\noutput: ${a}\n"

        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                await add(house, receiver.url, "run.succeeded")
                await run_of(house, text)
                (came,) = await receiver.until(1)

            assert (came.event["payload"]["truncated"], came.event["payload"]["output"]) == (True, None)

        played(scene)

    def test_a_loop_over_a_receiver_that_starts_runs_comes_to_an_end(self):
        """SECURITY 91: what is sent says how many runs led to it."""

        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                await add(house, receiver.url, "run.succeeded")
                await run_of(house, trigger={"type": "http", "hops": 3})
                (came,) = await receiver.until(1)

            assert (came.headers["tenuto-hop"], came.event["hops"]) == ("4", 4)

        played(scene)


class TestTrouble:
    def test_a_receiver_that_is_down_gets_it_when_it_is_up_under_the_same_id(self):
        """P15."""

        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                receiver.answers = [(500, {}, b"oops"), (503, {}, b"")]
                webhook, secret = await add(house, receiver.url, "run.succeeded")
                await run_of(house)
                for attempt in (1, 2):
                    (delivery,) = await settled(house, webhook, attempts=attempt)
                    assert delivery.next_due is not None
                    house.clock.now = delivery.next_due
                    house.platform.subscriptions.due.set()
                came = await receiver.until(3)
                (delivery,) = await settled(house, webhook)

            assert len({each.id for each in came}) == 1
            assert all(each.signed_with(secret) for each in came)
            assert (delivery.status, delivery.attempts) == ("delivered", 3)

        played(scene)

    def test_pauses_grow_with_some_chance_in_them_for_three_days_and_then_it_is_dead(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                url = receiver.url
            webhook, _ = await add(house, url, "run.succeeded")  # and nobody listens there any more
            begun, pauses = house.clock.now, list[float]()
            async with working(house):
                await run_of(house)
                while (delivery := (await settled(house, webhook, attempts=len(pauses) + 1))[0]).next_due is not None:
                    pauses.append(delivery.next_due - house.clock.now)
                    house.clock.now = delivery.next_due
                    house.platform.subscriptions.due.set()

            assert delivery.status == "dead"
            assert house.clock.now - begun == pytest.approx(courier.GIVEN_UP)
            assert all(later > earlier for earlier, later in pairwise(pauses[:7]))
            assert len({round(pause / 5 / 3**number, 6) for number, pause in enumerate(pauses[:6])}) > 1
            assert max(pauses) <= courier.LONGEST_PAUSE * 1.2
            assert len(pauses) < 40

        played(scene)

    def test_a_webhook_that_took_nothing_for_three_days_is_switched_off_audited_and_told(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, receiving() as friend, working(house):
                receiver.always = (500, {}, b"")
                webhook, _ = await add(house, receiver.url, "run.succeeded")
                await add(house, friend.url, "webhook.disabled")
                await run_of(house)
                (delivery,) = await settled(house, webhook, attempts=1)
                house.clock.now += courier.GIVEN_UP + 1
                house.platform.subscriptions.due.set()
                (notice,) = await friend.until(1)
                async with house.store.read() as tx:
                    audited = [each.action for each in (await tx.audit.list("default")).items]

                after = await look(house, webhook)
                (delivery,) = await sent(house, webhook)

            assert (after.active, after.disabled) == (False, "it took nothing for three days")
            assert delivery.status == "dead"
            assert "webhooks.disable" in audited
            assert notice.event["payload"]["webhook"] == webhook.id

        played(scene)

    def test_gone_is_gone(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                receiver.answers = [(410, {}, b"")]
                webhook, _ = await add(house, receiver.url, "run.succeeded")
                await run_of(house)
                (delivery,) = await settled(house, webhook)
                await house.host.outcome(await run_of(house))
                await asyncio.sleep(0.1)

                after = await look(house, webhook)

            assert not after.active
            assert "410" in (after.disabled or "")
            assert (delivery.status, len(receiver.came)) == ("dead", 1)

        played(scene)

    def test_a_receiver_that_asks_for_a_pause_gets_it_for_all_that_waits(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                receiver.answers = [(429, {"Retry-After": "7200"}, b"")]
                webhook, _ = await add(house, receiver.url, "run.succeeded")
                await run_of(house)
                (delivery,) = await settled(house, webhook, attempts=1)
                await house.host.outcome(await run_of(house))
                await asyncio.sleep(0.1)
                assert len(receiver.came) == 1

                house.clock.now += 7_200
                house.platform.subscriptions.due.set()
                await receiver.until(3)

            assert delivery.next_due == pytest.approx(house.clock.now)

        played(scene)

    def test_a_redirect_is_not_followed(self):
        """SECURITY 70."""

        async def scene(house: House) -> None:
            async with receiving() as inside, receiving() as receiver, working(house):
                receiver.always = (307, {"Location": inside.url}, b"")
                webhook, _ = await add(house, receiver.url, "run.succeeded")
                await run_of(house)
                (delivery,) = await settled(house, webhook, attempts=1)

            assert inside.came == []
            assert delivery.error == "the receiver answered 307; redirects are not followed"

        played(scene)

    def test_a_name_that_comes_to_lead_inside_is_refused_at_the_next_attempt(self, monkeypatch):
        """SECURITY 70: the address is checked each time, not once when the webhook is added."""

        async def inside(host: str, port: int) -> list[str]:
            del host, port
            return ["169.254.169.254"]

        async def scene(house: House) -> None:
            monkeypatch.setattr(house.platform.courier.http, "_resolver", inside)
            webhook, _ = await add(house, "http://hooks.example/in", "run.succeeded")
            async with working(house):
                await run_of(house)
                (delivery,) = await settled(house, webhook, attempts=1)

            assert "no place that nodes may reach" in (delivery.error or "")

        played(scene)

    def test_of_an_answer_the_first_kilobyte_is_kept(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                receiver.always = (400, {}, b"\0long" + b"x" * 3_000_000)
                webhook, _ = await add(house, receiver.url, "run.succeeded")
                await run_of(house)
                (delivery,) = await settled(house, webhook, attempts=1)

            assert (delivery.response or "").startswith("\N{REPLACEMENT CHARACTER}longx")
            assert len(delivery.response or "") == 1_024

        played(scene)

    def test_one_that_hangs_delays_no_other(self, monkeypatch):
        """R16: many hang; whoever answers is sent everything meanwhile, and none is asked more than it bears."""
        monkeypatch.setattr(courier, "TIMEOUT", 60.0)

        async def scene(house: House) -> None:
            async with receiving() as hanging, receiving() as quick, working(house):
                hanging.hangs = True
                for _ in range(20):
                    await add(house, hanging.url, "order.created")
                await add(house, quick.url, "order.created")
                for number in range(30):
                    await tell(house, replace(ORDER, id=f"e-{number}"))
                await quick.until(30)

                assert hanging.most_at_once <= 20
                assert quick.most_at_once <= sending.ROOM["proven"][0]

        played(scene)


class TestCrashes:
    def test_what_was_kept_and_not_sent_is_sent_by_the_next_server(self):
        async def scene() -> None:
            journal, clock = MemoryJournal(), Clock()
            async with receiving() as receiver, opened(journal=journal, clock=clock) as house:
                webhook, _ = await add(house, receiver.url, "run.succeeded")
                async with relaying(house):  # nobody sends
                    await run_of(house)
                    async with asyncio.timeout(5):
                        while not await sent(house, webhook):  # noqa: ASYNC110  the store tells nobody
                            await asyncio.sleep(0.01)

                async with opened(journal=journal, store=house.store, clock=clock) as again, working(again):
                    await settled(again, webhook)

            assert len(receiver.came) == 1

        asyncio.run(scene())

    def test_what_was_recorded_and_not_kept_is_sent_by_the_next_server_once(self):
        """P15: between the end of a run and the outbox nothing is lost, and what is told again is known again."""

        async def scene() -> None:
            journal, clock = MemoryJournal(), Clock()
            async with receiving() as receiver, opened(journal=journal, clock=clock) as house:
                webhook, _ = await add(house, receiver.url, "run.succeeded")
                async with relaying(house):
                    await asyncio.sleep(0.05)
                clock.now += 100
                await house.host.outcome(await run_of(house))  # and the server dies

                for _ in range(2):
                    clock.now += 30
                    async with opened(journal=journal, store=house.store, clock=clock) as again, working(again):
                        await settled(again, webhook)
                        await asyncio.sleep(0.05)

            assert len(receiver.came) == 1

        asyncio.run(scene())

    def test_what_the_bus_did_not_take_is_told_again(self, monkeypatch):
        """P15: what was heard of a run is crossed off only when everybody has it."""
        monkeypatch.setattr(relay, "FIRST_PAUSE", 0.01)

        async def scene(house: House) -> None:
            publish, failures = house.platform.bus.publish, iter(range(2))

            async def fails(envelope: Envelope) -> None:
                if next(failures, None) is not None:
                    raise OSError("nobody foresaw this")
                await publish(envelope)

            monkeypatch.setattr(house.platform.bus, "publish", fails)
            async with receiving() as receiver, working(house):
                await add(house, receiver.url, "run.succeeded")
                await asyncio.sleep(0.05)
                await run_of(house)
                await receiver.until(1)

        played(scene)

    def test_what_was_decided_before_the_last_note_and_durable_after_it_is_sent(self):
        """P15: the note of how far everything was told is a minute behind."""

        async def scene() -> None:
            journal, clock = MemoryJournal(), Clock()
            async with receiving() as receiver, opened(journal=journal, clock=clock) as house:
                await add(house, receiver.url, "run.succeeded")
                async with relaying(house):
                    await asyncio.sleep(0.05)
                    clock.now += 4_000
                    house.platform.outbox.set()
                    await asyncio.sleep(0.1)
                clock.now -= 30
                await house.host.outcome(await run_of(house))
                clock.now += 200
                async with opened(journal=journal, store=house.store, clock=clock) as again, working(again):
                    await receiver.until(1)

        asyncio.run(scene())


class TestClock:
    def test_what_ends_after_the_clock_was_put_back_is_sent(self):
        """R07, P15."""

        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                await add(house, receiver.url, "run.started", "run.succeeded")
                await asyncio.sleep(0.05)
                house.clock.now -= 3_600
                await run_of(house)
                await receiver.until(2)

        played(scene)

    def test_so_is_what_ends_after_a_start_by_an_earlier_clock(self):
        """R07, P15: the last server, whose clock was ahead, had told everything up to a time that is yet to come."""

        async def scene() -> None:
            journal, clock = MemoryJournal(), Clock()
            async with receiving() as receiver, opened(journal=journal, clock=clock) as house:
                await add(house, receiver.url, "run.succeeded")
                async with working(house):
                    await asyncio.sleep(0.05)
                clock.now -= 30 * DAY
                async with opened(journal=journal, store=house.store, clock=clock) as again, working(again):
                    await asyncio.sleep(0.05)
                    await run_of(again)
                    await receiver.until(1)

        asyncio.run(scene())


class TestCare:
    def test_both_secrets_sign_for_a_while(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                webhook, old = await add(house, receiver.url, "order.created")
                async with house.store.write() as tx:
                    desk = webhooks.desk_of(house.platform.courier)
                    _, new = await webhooks.rotate(desk, tx, house.who(), webhook.id, at=house.clock())
                await tell(house)
                (both,) = await receiver.until(1)
                house.clock.now += DAY + 1
                await tell(house, replace(ORDER, id="e-2"))
                _, one = await receiver.until(2)

            assert old != new
            assert both.signed_with(old)
            assert both.signed_with(new)
            assert one.signed_with(new)
            with pytest.raises(Refused):
                one.signed_with(old)

        played(scene)

    def test_a_dead_one_is_sent_again_by_hand_under_its_id(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                receiver.answers = [(410, {}, b"")]
                webhook, _ = await add(house, receiver.url, "order.created")
                await tell(house)
                (dead,) = await settled(house, webhook)
                with pytest.raises(Refused, match="switched off"):
                    await again(house, webhook, dead)
                await change(house, webhook, active=True)
                await again(house, webhook, dead)
                first, second = await receiver.until(2)
                (delivery,) = await settled(house, webhook)

            assert first.id == second.id == dead.id
            assert (delivery.status, delivery.attempts) == ("delivered", 1)

        played(scene)

    @pytest.mark.parametrize(("answer", "status"), [((200, {}, b"hello"), "delivered"), ((500, {}, b"no"), "dead")])
    def test_a_trial_is_one_attempt_and_says_what_came_of_it(self, answer, status):
        async def scene(house: House) -> None:
            async with receiving() as receiver:
                receiver.answers = [answer]
                webhook, secret = await add(house, receiver.url, "order.created", active=False)

                delivery = await webhooks.attempt(house.platform.courier, house.who(), webhook.id)

            assert (delivery.status, delivery.status_code, delivery.response) == (status, answer[0], answer[2].decode())
            assert receiver.came[0].signed_with(secret)
            assert (await look(house, webhook)).failing_since is None

        played(scene)

    def test_nothing_is_left_of_one_that_is_removed(self):
        async def scene(house: House) -> None:
            webhook, _ = await add(house, "https://example.com/in")
            async with house.store.write() as tx:
                await webhooks.delete(
                    webhooks.desk_of(house.platform.courier), tx, house.who(), webhook.id, at=house.clock()
                )

            async with house.store.read() as tx:
                assert await tx.sealed.not_under("nobody's") == []
            with pytest.raises(Refused, match="no webhook"):
                await look(house, webhook)

        played(scene)

    def test_after_two_weeks_what_was_sent_is_forgotten(self):
        async def scene(house: House) -> None:
            async with receiving() as receiver, working(house):
                webhook, _ = await add(house, receiver.url, "order.created")
                await tell(house)
                await settled(house, webhook)
            house.clock.now += housekeeping.SENT + 1
            await housekeeping.tidy(house.platform)

            assert await sent(house, webhook) == []

        played(scene)

    @pytest.mark.parametrize(
        ("wish", "said"),
        [
            ({"url": "ftp://example.com"}, "http"),
            ({"url": "http://127.0.0.2/in"}, "no place"),
            ({"url": "http://[::ffff:169.254.169.254]/"}, "no place"),
            ({"url": "http://10.0.0.1/"}, "no place"),
            ({"url": "http://me:secret@example.com/"}, "password"),
            ({"types": []}, "types"),
            ({"types": ["a b"]}, "no type"),
            ({"types": ["run.finished"]}, "nothing tells"),
            ({"types": ["run*"]}, "no type"),
            ({"flow": "No Flow"}, "no name"),
            ({"labels": {"a:b": "c"}}, "label"),
        ],
    )
    def test_what_cannot_be_a_webhook_is_refused(self, wish, said):
        async def scene(house: House) -> None:
            given: dict[str, Any] = {"url": "https://example.com", "types": ["run.failed"], **wish}
            async with house.store.write() as tx:
                desk = webhooks.desk_of(house.platform.courier)
                with pytest.raises(Refused, match=said):
                    await webhooks.create(desk, tx, house.who(), Wish(**given), at=1.0)

        played(scene)

    def test_who_may_not_see_runs_has_none_of_their_events_sent(self):
        async def scene(house: House) -> None:
            who = Principal("key", "k", "k", permissions=frozenset({"webhooks:write"}))
            async with house.store.write() as tx:
                desk = webhooks.desk_of(house.platform.courier)
                for kind in ("run.failed", "run.*", "*"):
                    with pytest.raises(Refused, match="runs:read"):
                        await webhooks.create(desk, tx, who, Wish(url="https://example.com", types=[kind]), at=1.0)
                await webhooks.create(desk, tx, who, Wish(url="https://example.com", types=["order.*"]), at=1.0)

        played(scene)

    @pytest.mark.parametrize(
        ("types", "kind", "covered"),
        [
            (["*"], "a", True),
            (["run.*"], "run.failed", True),
            (["run.*"], "running", False),
            (["run.*"], "run", False),
            (["a", "b.c"], "b.c", True),
            (["a"], "a.b", False),
        ],
    )
    def test_types_cover_types(self, types, kind, covered):
        assert covers(types, kind) == covered


async def again(house: House, webhook: Webhook, delivery: WebhookDelivery) -> None:
    async with house.store.write() as tx:
        desk = webhooks.desk_of(house.platform.courier)
        await webhooks.redeliver(desk, tx, house.who(), webhook.id, delivery.id, at=house.clock())


def test_on_postgresql_it_is_the_same(postgres_url: str, tmp_path: Path):
    async def scene(house: House) -> None:
        async with receiving() as receiver, working(house):
            receiver.answers = [(500, {}, b"\0")]
            webhook, secret = await add(house, receiver.url, "run.succeeded", "flow.published")
            await house.publish(WORK)
            await settled(house, webhook, attempts=1)
            await asyncio.gather(*(run_of(house) for _ in range(5)))
            house.clock.now += 6
            house.platform.subscriptions.due.set()
            came = await receiver.until(7)
            found = await settled(house, webhook, 6)

        assert {each.status for each in found} == {"delivered"}
        assert len({each.id for each in came}) == 6
        assert all(each.signed_with(secret) for each in came)

    async def play() -> None:
        store = await open_store(tmp_path, postgres_url)
        try:
            async with opened(store=store) as house:
                await asyncio.wait_for(scene(house), 60)
        finally:
            await store.close()

    asyncio.run(play())
