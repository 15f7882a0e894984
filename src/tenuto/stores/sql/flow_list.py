"""The flows of a tenant: `ports.flow_list`."""

from sqlalchemy import delete

from tenuto.ports.flow_list import FlowEntry
from tenuto.ports.records import Page
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import drafts, flows


class SqlFlowList:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def get(self, tenant: str, name: str) -> FlowEntry | None:
        return await self._sql.first(
            FlowEntry, selected(FlowEntry, flows).where(flows.c.tenant == tenant, flows.c.name == name)
        )

    async def list(
        self, tenant: str, *, named: str = "", limit: int = 50, cursor: str | None = None
    ) -> Page[FlowEntry]:
        mine = selected(FlowEntry, flows).where(flows.c.tenant == tenant)
        if named:
            mine = mine.where(flows.c.name.icontains(named, autoescape=True))
        return await self._sql.page(FlowEntry, mine, [flows.c.name], limit=limit, cursor=cursor)

    async def delete(self, tenant: str, name: str) -> bool:
        await self._sql.run(delete(drafts).where(drafts.c.tenant == tenant, drafts.c.flow == name))
        return bool(await self._sql.run(delete(flows).where(flows.c.tenant == tenant, flows.c.name == name)))
