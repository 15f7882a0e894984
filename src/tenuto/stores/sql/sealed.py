"""Secrets as they are stored: `ports.sealed`."""

from collections.abc import Sequence

from sqlalchemy import delete

from tenuto.ports.records import Page
from tenuto.ports.sealed import OF_THE_HOUSE, Sealed, SealedEntry
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import sealed as table


class SqlSecrets:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, sealed: Sealed) -> None:
        await self._sql.put(table, sealed)

    async def get(self, tenant: str, stage: str, name: str) -> Sealed | None:
        here = table.c.tenant == tenant, table.c.stage == stage, table.c.name == name
        return await self._sql.first(Sealed, selected(Sealed, table).where(*here), hold=True)

    async def list(
        self, tenant: str, *, stage: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[SealedEntry]:
        mine = selected(SealedEntry, table).where(table.c.tenant == tenant, table.c.stage != OF_THE_HOUSE)
        if stage is not None:
            mine = mine.where(table.c.stage == stage)
        return await self._sql.page(SealedEntry, mine, [table.c.name, table.c.stage], limit=limit, cursor=cursor)

    async def delete(self, tenant: str, stage: str, name: str) -> bool:
        here = table.c.tenant == tenant, table.c.stage == stage, table.c.name == name
        return bool(await self._sql.run(delete(table).where(*here)))

    async def not_under(self, key_id: str, *, limit: int = 100) -> Sequence[Sealed]:
        others = selected(Sealed, table).where(table.c.key_id != key_id)
        order = table.c.tenant, table.c.stage, table.c.name
        return await self._sql.all(Sealed, others.order_by(*order).limit(limit))
