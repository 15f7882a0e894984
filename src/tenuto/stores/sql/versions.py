"""Versions of flows: `ports.versions`."""

from typing import Any

from sqlalchemy import Select, update

from tenuto.ports.records import Page
from tenuto.ports.versions import Version, VersionEntry
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import flows, versions


class SqlVersions:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(
        self,
        tenant: str,
        flow: str,
        *,
        hash: str,  # noqa: A002  the word of the port
        document: str,
        source: str,
        media_type: str,
        description: str = "",
        by: str,
        at: float,
    ) -> tuple[Version, bool]:
        newest = await self._newest_number(tenant, flow)
        same = await self.get(tenant, flow, newest)
        if same is not None and same.hash == hash:
            return same, False
        version = Version(tenant, flow, newest + 1, hash, media_type, by, at, document, source)
        await self._sql.insert(versions, version)
        await self._sql.run(
            update(flows)
            .where(flows.c.tenant == tenant, flows.c.name == flow)
            .values(number=version.number, description=description, updated_at=at)
        )
        return version, True

    async def _newest_number(self, tenant: str, flow: str) -> int:
        """Makes the flow where there is none, and holds its row: nobody else can add until this transaction ends."""
        new = self._sql.insertion(flows).values(tenant=tenant, name=flow, number=0, description="", updated_at=0.0)
        held = new.on_conflict_do_update(index_elements=["tenant", "name"], set_={"name": flow})
        return await self._sql.value(held.returning(flows.c.number))

    async def get(self, tenant: str, flow: str, number: int | None = None) -> Version | None:
        mine = self._of(tenant, flow)
        if number is None:
            return await self._sql.first(Version, mine.order_by(versions.c.number.desc()).limit(1))
        return await self._sql.first(Version, mine.where(versions.c.number == number))

    async def by_hash(self, tenant: str, flow: str, hash: str) -> Version | None:  # noqa: A002  as above
        same = self._of(tenant, flow).where(versions.c.hash == hash)
        return await self._sql.first(Version, same.order_by(versions.c.number.desc()).limit(1))

    async def history(
        self, tenant: str, flow: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[VersionEntry]:
        mine = self._of(tenant, flow, VersionEntry)
        return await self._sql.page(VersionEntry, mine, [versions.c.number], limit=limit, cursor=cursor, falling=True)

    def _of(self, tenant: str, flow: str, kind: type[VersionEntry] = Version) -> Select[Any]:
        return selected(kind, versions).where(versions.c.tenant == tenant, versions.c.flow == flow)
