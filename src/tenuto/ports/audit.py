"""The audit of a tenant: who did what, in a chain in which nothing can be changed unseen. Only ever added to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Json, Page


@dataclass(slots=True, frozen=True)
class AuditEntry:
    """`seq`: 1, 2, 3 … of its tenant. `hash`: of this entry and `previous`, the hash of the one before."""

    tenant: str
    seq: int
    at: float
    actor: str
    action: str
    subject: str
    outcome: str
    details: Json
    previous: str
    hash: str


class Audit(Protocol):
    """There is no foreign key to the tenant: the audit outlives it."""

    async def head(self, tenant: str) -> AuditEntry | None:
        """The last entry. In a writing transaction nobody else can add to this tenant's chain until its end."""
        ...

    async def append(self, entry: AuditEntry) -> None:
        """`Taken` if there is one with that seq."""
        ...

    async def list(
        self,
        tenant: str,
        *,
        actor: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[AuditEntry]:
        """Newest first."""
        ...

    async def after(self, tenant: str, seq: int, *, limit: int = 1_000) -> Sequence[AuditEntry]:
        """In the order of the chain, for who verifies or exports it."""
        ...

    async def tenants(self) -> Sequence[str]:
        """Over all tenants: who has a chain, those that were deleted too."""
        ...
