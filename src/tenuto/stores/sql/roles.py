"""Roles that a tenant made itself: `ports.roles`."""

from collections.abc import Sequence

from sqlalchemy import delete

from tenuto.ports.roles import Role
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import roles


class SqlRoles:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, role: Role) -> None:
        await self._sql.put(roles, role)

    async def get(self, tenant: str, name: str) -> Role | None:
        return await self._sql.first(Role, selected(Role, roles).where(roles.c.tenant == tenant, roles.c.name == name))

    async def list(self, tenant: str) -> Sequence[Role]:
        mine = selected(Role, roles).where(roles.c.tenant == tenant)
        return await self._sql.all(Role, mine.order_by(roles.c.name))

    async def delete(self, tenant: str, name: str) -> bool:
        return bool(await self._sql.run(delete(roles).where(roles.c.tenant == tenant, roles.c.name == name)))
