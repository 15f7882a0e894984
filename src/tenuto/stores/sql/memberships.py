"""Which user acts in which tenant: `ports.memberships`."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete

from tenuto.ports.memberships import Member, Membership
from tenuto.ports.records import Page
from tenuto.ports.users import User
from tenuto.stores.sql.sql import Sql, selected, values_of
from tenuto.stores.sql.tables import memberships, users


@dataclass(slots=True, frozen=True)
class _Joined(User):
    roles: tuple[str, ...] = ()


class SqlMemberships:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, membership: Membership) -> None:
        await self._sql.put(memberships, membership)

    async def get(self, tenant: str, user: str) -> Membership | None:
        here = memberships.c.tenant == tenant, memberships.c.user == user
        return await self._sql.first(Membership, selected(Membership, memberships).where(*here))

    async def members(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Member]:
        both = selected(User, users).add_columns(memberships.c.roles)
        mine = both.join(memberships, memberships.c.user == users.c.id).where(memberships.c.tenant == tenant)
        page = await self._sql.page(_Joined, mine, [users.c.id], limit=limit, cursor=cursor)
        return Page([_member(tenant, joined) for joined in page.items], page.next_cursor)

    async def of_user(self, user: str) -> Sequence[Membership]:
        theirs = selected(Membership, memberships).where(memberships.c.user == user)
        return await self._sql.all(Membership, theirs.order_by(memberships.c.tenant))

    async def remove(self, tenant: str, user: str) -> bool:
        here = memberships.c.tenant == tenant, memberships.c.user == user
        return bool(await self._sql.run(delete(memberships).where(*here)))


def _member(tenant: str, joined: _Joined) -> Member:
    values = values_of(joined)
    roles = values.pop("roles")
    return Member(User(**values), tenant, roles)
