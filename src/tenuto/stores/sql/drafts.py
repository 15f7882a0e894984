"""Drafts of flows: `ports.drafts`."""

from sqlalchemy import delete

from tenuto.ports.drafts import Draft, DraftEntry
from tenuto.ports.records import Page
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import drafts


class SqlDrafts:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, draft: Draft) -> None:
        await self._sql.put(drafts, draft)

    async def get(self, tenant: str, flow: str) -> Draft | None:
        return await self._sql.first(
            Draft, selected(Draft, drafts).where(drafts.c.tenant == tenant, drafts.c.flow == flow)
        )

    async def list(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[DraftEntry]:
        mine = selected(DraftEntry, drafts).where(drafts.c.tenant == tenant)
        return await self._sql.page(DraftEntry, mine, [drafts.c.flow], limit=limit, cursor=cursor)

    async def delete(self, tenant: str, flow: str) -> bool:
        return bool(await self._sql.run(delete(drafts).where(drafts.c.tenant == tenant, drafts.c.flow == flow)))
