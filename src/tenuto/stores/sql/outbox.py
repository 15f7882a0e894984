"""What must be told to others: `ports.outbox`."""

from collections.abc import Sequence

from sqlalchemy import delete, false, or_, update

from tenuto.ports.outbox import Message
from tenuto.ports.records import AHEAD, Page
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import outbox


class SqlOutbox:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, message: Message) -> None:
        await self._sql.insert(outbox, message)

    async def due(self, topic: str, at: float, *, limit: int = 100) -> Sequence[Message]:
        waits = outbox.c.dead == false(), or_(outbox.c.next_due <= at, outbox.c.at > at + AHEAD)
        come = selected(Message, outbox).where(outbox.c.topic == topic, *waits)
        order = outbox.c.next_due, outbox.c.tenant, outbox.c.id
        return await self._sql.all(Message, come.order_by(*order).limit(limit))

    async def failed(self, message: Message, *, next_due: float, dead: bool = False) -> bool:
        its = outbox.c.tenant == message.tenant, outbox.c.id == message.id
        change = {"attempts": message.attempts + 1, "next_due": next_due, "dead": dead}
        return bool(await self._sql.run(update(outbox).where(*its).values(change)))

    async def done(self, tenant: str, id: str) -> bool:  # noqa: A002  the word of the port
        return bool(await self._sql.run(delete(outbox).where(outbox.c.tenant == tenant, outbox.c.id == id)))

    async def dead(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Message]:
        given_up = selected(Message, outbox).where(outbox.c.tenant == tenant, outbox.c.dead != false())
        return await self._sql.page(Message, given_up, [outbox.c.id], limit=limit, cursor=cursor)
