"""Keys of the API: `ports.keys`."""

from sqlalchemy import func, update

from tenuto.ports.keys import Key
from tenuto.ports.records import Page
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import keys


class SqlKeys:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, key: Key) -> None:
        await self._sql.insert(keys, key)

    async def get(self, tenant: str, id: str) -> Key | None:  # noqa: A002  the word of the port
        return await self._sql.first(Key, selected(Key, keys).where(keys.c.tenant == tenant, keys.c.id == id))

    async def list(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Key]:
        mine = selected(Key, keys).where(keys.c.tenant == tenant)
        return await self._sql.page(Key, mine, [keys.c.id], limit=limit, cursor=cursor)

    async def revoke(self, tenant: str, id: str, at: float) -> bool:  # noqa: A002  as above
        first = func.coalesce(keys.c.revoked_at, at)
        return bool(
            await self._sql.run(update(keys).where(keys.c.tenant == tenant, keys.c.id == id).values(revoked_at=first))
        )


class SqlKeyRing:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def by_prefix(self, prefix: str) -> Key | None:
        return await self._sql.first(Key, selected(Key, keys).where(keys.c.prefix == prefix))

    async def used(self, tenant: str, id: str, at: float) -> None:  # noqa: A002  the word of the port
        mine = update(keys).where(keys.c.tenant == tenant, keys.c.id == id)
        await self._sql.run(mine.values(last_used_at=at))
