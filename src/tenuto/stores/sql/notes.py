"""Notes on runs: `ports.notes`."""

from sqlalchemy import delete

from tenuto.ports.notes import Note
from tenuto.ports.records import Page
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import notes


class SqlNotes:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, note: Note) -> None:
        await self._sql.insert(notes, note)

    async def list(self, tenant: str, run: str, *, limit: int = 50, cursor: str | None = None) -> Page[Note]:
        mine = selected(Note, notes).where(notes.c.tenant == tenant, notes.c.run == run)
        return await self._sql.page(Note, mine, [notes.c.at, notes.c.id], limit=limit, cursor=cursor)

    async def delete(self, tenant: str, run: str, id: str) -> bool:  # noqa: A002  the word of the port
        here = notes.c.tenant == tenant, notes.c.run == run, notes.c.id == id
        return bool(await self._sql.run(delete(notes).where(*here)))

    async def forget(self, tenant: str, run: str) -> int:
        return await self._sql.run(delete(notes).where(notes.c.tenant == tenant, notes.c.run == run))
