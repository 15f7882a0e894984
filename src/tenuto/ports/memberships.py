"""Memberships: which user acts in which tenant, in which roles."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Page
from tenuto.ports.users import User


@dataclass(slots=True, frozen=True)
class Membership:
    user: str  # its id
    tenant: str
    roles: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Member:
    """A user as a tenant sees it."""

    user: User
    tenant: str
    roles: tuple[str, ...]


class Memberships(Protocol):
    async def put(self, membership: Membership) -> None:
        """A new one, or other roles. `Missing` if there is no such user or tenant."""
        ...

    async def get(self, tenant: str, user: str) -> Membership | None: ...

    async def members(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Member]:
        """The users of a tenant, by id."""
        ...

    async def of_user(self, user: str) -> Sequence[Membership]:
        """All tenants of one user, by tenant: for that user's own login."""
        ...

    async def remove(self, tenant: str, user: str) -> bool: ...
