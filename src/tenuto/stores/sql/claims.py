"""Idempotency keys: `ports.claims`."""

from sqlalchemy import delete

from tenuto.ports.claims import Claim
from tenuto.stores.sql.sql import Insert, Sql, selected, values_of
from tenuto.stores.sql.tables import claims


class SqlClaims:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def claim(self, claim: Claim) -> Claim | None:
        while not await self._sql.run(self._taking(claim)):
            holder = await self.get(claim.tenant, claim.key)
            if holder is not None:
                return holder
            # Given back between the two statements: try again.
        return None

    def _taking(self, claim: Claim) -> Insert:
        """Touches one row, new or expired; or none, where another holds it. Waits for who is about to."""
        values = values_of(claim)
        return (
            self._sql.insertion(claims)
            .values(values)
            .on_conflict_do_update(index_elements=["tenant", "key"], set_=values, where=claims.c.expires <= claim.at)
        )

    async def get(self, tenant: str, key: str) -> Claim | None:
        here = claims.c.tenant == tenant, claims.c.key == key
        return await self._sql.first(Claim, selected(Claim, claims).where(*here))

    async def release(self, tenant: str, key: str, run: str) -> bool:
        mine = claims.c.tenant == tenant, claims.c.key == key, claims.c.run == run
        return bool(await self._sql.run(delete(claims).where(*mine)))
