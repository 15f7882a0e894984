"""Where events are sent, and what is on its way there: `ports.webhooks`."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, or_, select, true, update

from tenuto.ports.records import AHEAD, Page
from tenuto.ports.webhooks import LONGEST_HOLD, Status, Webhook, WebhookDelivery
from tenuto.stores.sql.sql import Sql, selected, values_of
from tenuto.stores.sql.tables import webhook_deliveries as sent
from tenuto.stores.sql.tables import webhooks as table


class SqlWebhooks:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, webhook: Webhook) -> None:
        await self._sql.put(table, webhook)

    async def get(self, tenant: str, id: str) -> Webhook | None:  # noqa: A002  the word of the port
        its = table.c.tenant == tenant, table.c.id == id
        return await self._sql.first(Webhook, selected(Webhook, table).where(*its), hold=True)

    async def list(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Webhook]:
        mine = selected(Webhook, table).where(table.c.tenant == tenant)
        return await self._sql.page(Webhook, mine, [table.c.id], limit=limit, cursor=cursor)

    async def delete(self, tenant: str, id: str) -> bool:  # noqa: A002  as above
        return bool(await self._sql.run(delete(table).where(table.c.tenant == tenant, table.c.id == id)))

    async def everywhere(self) -> Sequence[Webhook]:
        active = selected(Webhook, table).where(table.c.active == true())
        return await self._sql.all(Webhook, active.order_by(table.c.tenant, table.c.id))


class SqlWebhookDeliveries:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, delivery: WebhookDelivery) -> bool:
        new = self._sql.insertion(sent).values(values_of(delivery)).on_conflict_do_nothing()
        return bool(await self._sql.run(new))

    async def get(self, tenant: str, webhook: str, id: str) -> WebhookDelivery | None:  # noqa: A002  the word of the port
        its = sent.c.tenant == tenant, sent.c.webhook == webhook, sent.c.id == id
        return await self._sql.first(WebhookDelivery, selected(WebhookDelivery, sent).where(*its), hold=True)

    async def list(
        self, tenant: str, webhook: str, *, status: Status | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[WebhookDelivery]:
        mine = selected(WebhookDelivery, sent).where(sent.c.tenant == tenant, sent.c.webhook == webhook)
        if status is not None:
            mine = mine.where(sent.c.status == status)
        order = [sent.c.queued_at, sent.c.id]
        return await self._sql.page(WebhookDelivery, mine, order, limit=limit, cursor=cursor, falling=True)

    async def put(self, delivery: WebhookDelivery) -> bool:
        its = sent.c.tenant == delivery.tenant, sent.c.webhook == delivery.webhook, sent.c.id == delivery.id
        return bool(await self._sql.run(update(sent).where(*its).values(values_of(delivery))))


class SqlWebhookQueue:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def webhooks(self, at: float) -> Sequence[Webhook]:
        its = sent.c.tenant == table.c.tenant, sent.c.webhook == table.c.id
        waits = exists(select(sent.c.id).where(*its, sent.c.next_due <= at))
        free = or_(table.c.held_until.is_(None), table.c.held_until <= at)
        return await self._sql.all(
            Webhook, selected(Webhook, table).where(table.c.active == true(), free, waits).order_by(table.c.id)
        )

    async def due(self, webhook: Webhook, at: float, *, limit: int) -> Sequence[WebhookDelivery]:
        its = sent.c.tenant == webhook.tenant, sent.c.webhook == webhook.id
        come = selected(WebhookDelivery, sent).where(*its, sent.c.next_due <= at)
        return await self._sql.all(WebhookDelivery, come.order_by(sent.c.next_due, sent.c.id).limit(limit))

    async def give_up(self, webhook: Webhook, error: str, *, at: float) -> int:
        its = sent.c.tenant == webhook.tenant, sent.c.webhook == webhook.id, sent.c.status == "pending"
        change = {"status": "dead", "next_due": None, "error": error, "changed_at": at}
        return await self._sql.run(update(sent).where(*its).values(change))

    async def forget(self, before: float) -> int:
        return await self._sql.run(delete(sent).where(sent.c.changed_at < before))

    async def bring_forward(self, at: float) -> int:
        await self._sql.run(update(table).where(table.c.held_until > at + LONGEST_HOLD).values(held_until=None))
        late = sent.c.changed_at > at + AHEAD, sent.c.next_due > at
        return await self._sql.run(update(sent).where(*late).values(next_due=at))
