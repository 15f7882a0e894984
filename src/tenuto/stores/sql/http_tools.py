"""Services by HTTP: `ports.http_tools`."""

from collections.abc import Sequence

from sqlalchemy import delete

from tenuto.ports.http_tools import HttpToolEntry
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import http_tools


class SqlHttpTools:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, entry: HttpToolEntry) -> None:
        await self._sql.put(http_tools, entry)

    async def get(self, tenant: str, name: str) -> HttpToolEntry | None:
        here = http_tools.c.tenant == tenant, http_tools.c.name == name
        return await self._sql.first(HttpToolEntry, selected(HttpToolEntry, http_tools).where(*here))

    async def list(self, tenant: str) -> Sequence[HttpToolEntry]:
        mine = selected(HttpToolEntry, http_tools).where(http_tools.c.tenant == tenant)
        return await self._sql.all(HttpToolEntry, mine.order_by(http_tools.c.name))

    async def delete(self, tenant: str, name: str) -> bool:
        here = http_tools.c.tenant == tenant, http_tools.c.name == name
        return bool(await self._sql.run(delete(http_tools).where(*here)))
