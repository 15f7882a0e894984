"""Roles that a tenant made itself: named sets of permissions, beside those that everybody has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Role:
    tenant: str
    name: str
    permissions: tuple[str, ...] = ()


class Roles(Protocol):
    async def put(self, role: Role) -> None:
        """A new one, or other permissions."""
        ...

    async def get(self, tenant: str, name: str) -> Role | None: ...

    async def list(self, tenant: str) -> Sequence[Role]:
        """By name."""
        ...

    async def delete(self, tenant: str, name: str) -> bool: ...
