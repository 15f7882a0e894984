"""Services by HTTP that the administrators of a tenant registered as tools."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(slots=True, frozen=True)
class HttpToolEntry:
    """`definition`: as `service.tools.services` reads it. It names a secret and never holds one."""

    tenant: str
    name: str
    definition: Mapping[str, Any]
    by: str
    at: float


class HttpTools(Protocol):
    async def put(self, entry: HttpToolEntry) -> None:
        """In place of the one before. `Missing` if there is no such tenant."""
        ...

    async def get(self, tenant: str, name: str) -> HttpToolEntry | None: ...

    async def list(self, tenant: str) -> Sequence[HttpToolEntry]:
        """By name."""
        ...

    async def delete(self, tenant: str, name: str) -> bool: ...
