"""Which version holds in which stage: `ports.publications`."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete

from tenuto.ports.publications import Publication, PublicationChange
from tenuto.ports.records import Page
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import publication_history, publications


@dataclass(slots=True, frozen=True)
class _Line(PublicationChange):
    """With its place in the history, for cursors."""

    seq: int


class SqlPublications:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, publication: Publication) -> None:
        await self._sql.put(publications, publication)
        await self._sql.insert(publication_history, publication)

    async def remove(self, tenant: str, flow: str, stage: str, *, by: str, at: float) -> bool:
        here = publications.c.tenant == tenant, publications.c.flow == flow, publications.c.stage == stage
        if not await self._sql.run(delete(publications).where(*here)):
            return False
        await self._sql.insert(publication_history, PublicationChange(tenant, flow, stage, None, by, at))
        return True

    async def list(self, tenant: str, *, flow: str | None = None, stage: str | None = None) -> Sequence[Publication]:
        mine = selected(Publication, publications).where(publications.c.tenant == tenant)
        if flow is not None:
            mine = mine.where(publications.c.flow == flow)
        if stage is not None:
            mine = mine.where(publications.c.stage == stage)
        return await self._sql.all(Publication, mine.order_by(publications.c.flow, publications.c.stage))

    async def everywhere(self) -> Sequence[Publication]:
        order = publications.c.tenant, publications.c.flow, publications.c.stage
        return await self._sql.all(Publication, selected(Publication, publications).order_by(*order))

    async def history(
        self, tenant: str, flow: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[PublicationChange]:
        table = publication_history
        mine = selected(_Line, table).where(table.c.tenant == tenant, table.c.flow == flow)
        page = await self._sql.page(_Line, mine, [table.c.seq], limit=limit, cursor=cursor, falling=True)
        return Page([_change(line) for line in page.items], page.next_cursor)


def _change(line: _Line) -> PublicationChange:
    return PublicationChange(line.tenant, line.flow, line.stage, line.version, line.by, line.at)
