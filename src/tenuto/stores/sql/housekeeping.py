"""What has expired: `ports.housekeeping`."""

from sqlalchemy import delete

from tenuto.stores.sql.sql import Sql
from tenuto.stores.sql.tables import claims, deliveries, sessions


class SqlHousekeeping:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def forget_expired(self, at: float, *, deliveries_before: float, sessions_before: float) -> int:
        gone = [
            await self._sql.run(delete(claims).where(claims.c.expires <= at)),
            await self._sql.run(delete(deliveries).where(deliveries.c.at < deliveries_before)),
            await self._sql.run(delete(sessions).where(sessions.c.expires_at < sessions_before)),
        ]
        return sum(gone)
