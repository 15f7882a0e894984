"""Where events are sent, and what is on its way there."""

from dataclasses import replace

from tenuto.ports.records import Missing
from tenuto.ports.store import Store
from tenuto.ports.webhooks import Webhook, WebhookDelivery
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored

HOOK = Webhook(
    tenant=US,
    id="w1",
    url="https://example.com/in",
    types=("run.*", "order.created"),
    labels={"team": "ops"},
    by="ann",
    created_at=1.0,
    updated_at=1.0,
)
SENT = WebhookDelivery(
    tenant=US,
    webhook="w1",
    id="d1",
    event="e1",
    type="run.failed",
    payload={"n": [1.5, None]},
    queued_at=10.0,
    next_due=10.0,
    changed_at=10.0,
)


class OutgoingWebhooks(Suite):
    @stored
    async def test_a_webhook_is_kept_changed_and_listed(self, store: Store) -> None:
        changed = replace(HOOK, active=False, disabled="gone", failing_since=2.0, held_until=3.0, previous_until=4.0)
        async with store.write() as tx:
            await tx.webhooks.put(HOOK)
            await tx.webhooks.put(replace(HOOK, id="w2"))
            await tx.webhooks.put(replace(HOOK, tenant=THEM, url="https://example.org"))
            assert await tx.webhooks.get(US, "w1") == HOOK
            await tx.webhooks.put(changed)

        async with store.read() as tx:
            first = await tx.webhooks.list(US, limit=1)
            rest = await tx.webhooks.list(US, limit=1, cursor=first.next_cursor)
            assert [*first.items, *rest.items] == [changed, replace(HOOK, id="w2")]
            assert await tx.webhooks.get(THEM, "w2") is None
            assert [(each.tenant, each.id) for each in await tx.webhooks.everywhere()] == [(US, "w2"), (THEM, "w1")]

    @stored
    async def test_a_delivery_is_kept_once(self, store: Store) -> None:
        async with store.write() as tx:
            await tx.webhooks.put(HOOK)
            await tx.webhooks.put(replace(HOOK, tenant=THEM))
            assert await tx.webhook_deliveries.add(SENT)
            assert not await tx.webhook_deliveries.add(replace(SENT, queued_at=99.0))
            assert await tx.webhook_deliveries.add(replace(SENT, tenant=THEM))
            assert await tx.webhook_deliveries.get(US, "w1", "d1") == SENT
            assert await tx.webhook_deliveries.get(THEM, "w1", "d2") is None

    @stored
    async def test_a_delivery_to_no_webhook_is_refused(self, store: Store) -> None:
        missing = False
        try:
            async with store.write() as tx:
                await tx.webhooks.put(HOOK)
                await tx.webhook_deliveries.add(replace(SENT, tenant=THEM))
        except Missing:
            missing = True

        assert missing

    @stored
    async def test_deliveries_are_listed_the_newest_first_and_by_status(self, store: Store) -> None:
        dead = replace(SENT, id="d2", queued_at=20.0, status="dead", next_due=None, response="no", status_code=500)
        async with store.write() as tx:
            await tx.webhooks.put(HOOK)
            for each in (SENT, dead, replace(SENT, id="d3", queued_at=20.0)):
                await tx.webhook_deliveries.add(each)

            first = await tx.webhook_deliveries.list(US, "w1", limit=2)
            rest = await tx.webhook_deliveries.list(US, "w1", limit=2, cursor=first.next_cursor)
            assert [each.id for each in (*first.items, *rest.items)] == ["d3", "d2", "d1"]
            assert (await tx.webhook_deliveries.list(US, "w1", status="dead")).items == [dead]
            assert (await tx.webhook_deliveries.list(THEM, "w1")).items == []

    @stored
    async def test_what_is_due_is_asked_webhook_by_webhook(self, store: Store) -> None:
        held, off = replace(HOOK, id="held", held_until=50.0), replace(HOOK, id="off", active=False)
        async with store.write() as tx:
            for hook in (HOOK, held, off, replace(HOOK, id="idle")):
                await tx.webhooks.put(hook)
                if hook.id != "idle":
                    await tx.webhook_deliveries.add(replace(SENT, webhook=hook.id))
            await tx.webhook_deliveries.add(replace(SENT, id="d2", next_due=5.0))
            await tx.webhook_deliveries.add(replace(SENT, id="d3", next_due=30.0))

            assert [each.id for each in await tx.webhook_queue.webhooks(4.0)] == []
            assert [each.id for each in await tx.webhook_queue.webhooks(10.0)] == ["w1"]
            assert [each.id for each in await tx.webhook_queue.webhooks(50.0)] == ["held", "w1"]
            assert [each.id for each in await tx.webhook_queue.due(HOOK, 10.0, limit=9)] == ["d2", "d1"]
            assert [each.id for each in await tx.webhook_queue.due(HOOK, 10.0, limit=1)] == ["d2"]

    @stored
    async def test_nothing_waits_for_a_clock_that_was_put_back(self, store: Store) -> None:
        held = replace(HOOK, id="held", held_until=100_000.0)
        late = replace(SENT, changed_at=100_000.0, next_due=100_005.0)
        async with store.write() as tx:
            for hook in (HOOK, held):
                await tx.webhooks.put(hook)
                await tx.webhook_deliveries.add(replace(late, webhook=hook.id))
            await tx.webhook_deliveries.add(replace(late, id="over", status="delivered", next_due=None))
            await tx.webhook_deliveries.add(replace(SENT, id="right", next_due=30.0))

            assert await tx.webhook_queue.bring_forward(10.0) == 2
            assert [each.id for each in await tx.webhook_queue.webhooks(10.0)] == ["held", "w1"]
            assert [each.id for each in await tx.webhook_queue.due(HOOK, 10.0, limit=9)] == ["d1"]

    @stored
    async def test_a_delivery_is_settled_given_up_and_forgotten(self, store: Store) -> None:
        done = replace(SENT, status="delivered", next_due=None, attempts=1, changed_at=11.0, status_code=204, ms=3)
        async with store.write() as tx:
            await tx.webhooks.put(HOOK)
            await tx.webhook_deliveries.add(SENT)
            await tx.webhook_deliveries.add(replace(SENT, id="d2"))
            assert await tx.webhook_deliveries.put(done)
            assert not await tx.webhook_deliveries.put(replace(done, id="d9"))
            assert await tx.webhook_queue.give_up(HOOK, "gone", at=30.0) == 1
            dead = await tx.webhook_deliveries.get(US, "w1", "d2")
            assert dead == replace(SENT, id="d2", status="dead", next_due=None, error="gone", changed_at=30.0)

            assert await tx.webhook_queue.forget(30.0) == 1
            assert await tx.webhook_deliveries.get(US, "w1", "d1") is None
            assert not await tx.webhooks.delete(THEM, "w1")
            assert await tx.webhooks.delete(US, "w1")
            assert await tx.webhook_deliveries.get(US, "w1", "d2") is None
