"""Tenants: the wall. Everything else that is stored belongs to one."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from tenuto.ports.records import Json, Page


@dataclass(slots=True, frozen=True)
class Tenant:
    """`name` is unique, as is `id`. `quotas`: its own limits, by name; what is not there is as the settings say."""

    id: str
    name: str
    created_at: float
    quotas: Mapping[str, Json] = field(default_factory=dict[str, Json])


class Tenants(Protocol):
    async def add(self, tenant: Tenant) -> None:
        """With the stages that every tenant begins with. `Taken` if the id or the name is.

        The tenant `default` is there from the beginning.
        """
        ...

    async def get(self, id: str) -> Tenant | None:  # noqa: A002  the word for it in every layer
        ...

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> Page[Tenant]:
        """All tenants, by id. Whoever asks needs to be allowed to see them all."""
        ...

    async def update(self, tenant: Tenant) -> bool:
        """Name and quotas. False if there is none; `Taken` if the name is."""
        ...

    async def delete(self, id: str) -> bool:  # noqa: A002  as above
        """Forget it with everything that belongs to it, except its audit. Users stay; they only lose it."""
        ...
