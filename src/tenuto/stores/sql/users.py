"""Users: `ports.users`."""

from sqlalchemy import delete, update

from tenuto.ports.users import User
from tenuto.stores.sql.sql import Sql, selected, values_of
from tenuto.stores.sql.tables import users

_FOR_EVER = {"id", "created_at"}


class SqlUsers:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def add(self, user: User) -> None:
        await self._sql.insert(users, user)

    async def get(self, id: str) -> User | None:  # noqa: A002  the word of the port
        return await self._sql.first(User, selected(User, users).where(users.c.id == id), hold=True)

    async def by_login(self, login: str) -> User | None:
        return await self._sql.first(User, selected(User, users).where(users.c.login == login), hold=True)

    async def update(self, user: User) -> bool:
        changed = {name: value for name, value in values_of(user).items() if name not in _FOR_EVER}
        return bool(await self._sql.run(update(users).where(users.c.id == user.id).values(changed)))

    async def delete(self, id: str) -> bool:  # noqa: A002  as above
        return bool(await self._sql.run(delete(users).where(users.c.id == id)))
