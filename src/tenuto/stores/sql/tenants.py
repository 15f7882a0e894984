"""Tenants: `ports.tenants`."""

from sqlalchemy import delete, update

from tenuto.ports.records import Page
from tenuto.ports.stages import DEFAULTS, Stage
from tenuto.ports.tenants import Tenant
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import stages, tenants


class SqlTenants:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, tenant: Tenant) -> None:
        await self._sql.insert(tenants, tenant)
        for order, (name, production) in enumerate(DEFAULTS):
            await self._sql.insert(stages, Stage(tenant.id, name, order, production))

    async def get(self, id: str) -> Tenant | None:  # noqa: A002  the word of the port
        return await self._sql.first(Tenant, selected(Tenant, tenants).where(tenants.c.id == id))

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[Tenant]:
        return await self._sql.page(Tenant, selected(Tenant, tenants), [tenants.c.id], limit=limit, cursor=cursor)

    async def update(self, tenant: Tenant) -> bool:
        change = update(tenants).where(tenants.c.id == tenant.id).values(name=tenant.name, quotas=tenant.quotas)
        return bool(await self._sql.run(change))

    async def delete(self, id: str) -> bool:  # noqa: A002  as above
        return bool(await self._sql.run(delete(tenants).where(tenants.c.id == id)))
