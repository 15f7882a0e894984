"""Sessions of agents: `ports.conversations`."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select

from tenuto.ports.conversations import KEPT
from tenuto.sdk.agents.messages import Message
from tenuto.stores.sql.sql import Sql
from tenuto.stores.sql.tables import conversation_messages, conversations


class SqlConversations:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def read(self, tenant: str, session: str) -> list[Message]:
        said = select(conversation_messages.c.message).where(*_said(tenant, session))
        return [*await self._sql.column(said.order_by(conversation_messages.c.number))]

    async def add(self, tenant: str, session: str, key: str, messages: Sequence[Message], *, at: float) -> bool:
        await self._lock(tenant, session)
        known = select(func.count()).where(*_said(tenant, session), conversation_messages.c.key == key)
        if await self._sql.value(known):
            return False
        newest = select(func.max(conversation_messages.c.number)).where(*_said(tenant, session))
        last: int = await self._sql.value(newest) or 0
        for number, message in enumerate(messages, last + 1):
            row = {"tenant": tenant, "session": session, "number": number, "key": key, "message": message, "at": at}
            await self._sql.run(conversation_messages.insert().values(row))
        old = conversation_messages.c.number <= last + len(messages) - KEPT
        await self._sql.run(delete(conversation_messages).where(*_said(tenant, session), old))
        return True

    async def forget(self, tenant: str, session: str) -> bool:
        return bool(await self._sql.run(delete(conversations).where(*_here(tenant, session))))

    async def _lock(self, tenant: str, session: str) -> None:
        """Makes the session where there is none, and holds its row until this transaction ends."""
        new = self._sql.insertion(conversations).values(tenant=tenant, name=session)
        await self._sql.run(new.on_conflict_do_update(index_elements=["tenant", "name"], set_={"name": session}))


def _here(tenant: str, session: str) -> tuple[Any, ...]:
    return conversations.c.tenant == tenant, conversations.c.name == session


def _said(tenant: str, session: str) -> tuple[Any, ...]:
    return conversation_messages.c.tenant == tenant, conversation_messages.c.session == session
