"""Families of refresh tokens: `ports.sessions`."""

from sqlalchemy import or_, select, update

from tenuto.ports.sessions import Session
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import session_digests, sessions


class SqlSessions:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, session: Session) -> None:
        await self._sql.insert(sessions, session)

    async def get(self, id: str) -> Session | None:  # noqa: A002  the word of the port
        return await self._sql.first(Session, selected(Session, sessions).where(sessions.c.id == id), hold=True)

    async def find(self, digest: str) -> Session | None:
        before = select(session_digests.c.session).where(session_digests.c.digest == digest)
        its = or_(sessions.c.digest == digest, sessions.c.id.in_(before))
        return await self._sql.first(Session, selected(Session, sessions).where(its), hold=True)

    async def rotate(self, id: str, *, old: str, new: str, expires_at: float) -> bool:  # noqa: A002  as above
        good = sessions.c.id == id, sessions.c.digest == old, sessions.c.revoked_at.is_(None)
        if not await self._sql.run(update(sessions).where(*good).values(digest=new, expires_at=expires_at)):
            return False
        await self._sql.run(session_digests.insert().values(digest=old, session=id))
        return True

    async def revoke(self, at: float, *, id: str | None = None, user: str | None = None) -> int:  # noqa: A002  as above
        if (id is None) == (user is None):
            raise ValueError("say which session, or whose")
        which = sessions.c.id == id if user is None else sessions.c.user == user
        return await self._sql.run(update(sessions).where(which, sessions.c.revoked_at.is_(None)).values(revoked_at=at))
