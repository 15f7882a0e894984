"""Lines before the sessions of agents: `ports.session_lines`."""

from typing import Any

from sqlalchemy import delete, update

from tenuto.ports.session_lines import Place
from tenuto.stores.sql.sql import Sql, selected, values_of
from tenuto.stores.sql.tables import conversations, session_places


class SqlSessionLines:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def join(self, place: Place) -> Place:
        await self._lock(place)
        new = self._sql.insertion(session_places).values(values_of(place) | {"turn": False})
        await self._sql.run(new.on_conflict_do_nothing())
        turn = await self._turn(place)
        assert turn is not None  # at least its own
        return turn

    async def leave(self, place: Place) -> Place | None:
        await self._lock(place)
        spoke = session_places.c.turn
        had = await self._sql.first(Place, selected(Place, session_places).where(*_mine(place), spoke))
        await self._sql.run(delete(session_places).where(*_mine(place)))
        return None if had is None else await self._turn(place)

    async def places(self) -> list[Place]:
        return await self._sql.all(Place, selected(Place, session_places).order_by(*_ORDER))

    async def _turn(self, near: Place) -> Place | None:
        """Whose turn it is in the session; the first one's, if nobody speaks."""
        line = selected(Place, session_places).where(*_here(near)).order_by(session_places.c.turn.desc(), *_ORDER)
        first = await self._sql.first(Place, line.limit(1))
        if first is not None and not first.turn:
            await self._sql.run(update(session_places).where(*_mine(first)).values(turn=True))
        return first

    async def _lock(self, place: Place) -> None:
        """Makes the session where there is none, and holds its row until this transaction ends."""
        new = self._sql.insertion(conversations).values(tenant=place.tenant, name=place.session)
        named = {"name": place.session}
        await self._sql.run(new.on_conflict_do_update(index_elements=["tenant", "name"], set_=named))


_ORDER = (session_places.c.since, session_places.c.run, session_places.c.path)


def _here(place: Place) -> tuple[Any, ...]:
    return session_places.c.tenant == place.tenant, session_places.c.session == place.session


def _mine(place: Place) -> tuple[Any, ...]:
    return (*_here(place), session_places.c.run == place.run, session_places.c.path == place.path)
