"""Secrets as they are stored: sealed. Who opens them is `service.vault`; this port never sees a value."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from tenuto.ports.records import Page

# Instead of the name of a stage: holds in every stage that has none of its own.
ANY_STAGE: Final = "*"
# As above, for what the server itself keeps of a tenant: no list shows it, and no node is given it.
OF_THE_HOUSE: Final = "!house"


@dataclass(slots=True, frozen=True)
class SealedEntry:
    """What may be shown of a secret. `hosts`: where it may be sent (`example.com`, `*.example.com`); none: anywhere."""

    tenant: str
    stage: str
    name: str
    version: int
    by: str
    at: float
    hosts: tuple[str, ...] = field(default=(), kw_only=True)


@dataclass(slots=True, frozen=True)
class Sealed(SealedEntry):
    """`wrapped`: the key of this secret alone, sealed with the master key `key_id`."""

    nonce: bytes
    ciphertext: bytes
    wrapped: bytes
    key_id: str


class Secrets(Protocol):
    async def put(self, sealed: Sealed) -> None:
        """In place of the one before. `Missing` if there is no such tenant; whether there is the stage is the caller's to ask."""
        ...

    async def get(self, tenant: str, stage: str, name: str) -> Sealed | None:
        """Exactly there: `*` is a stage of its own here. Locked until the end of a writing transaction."""
        ...

    async def list(
        self, tenant: str, *, stage: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[SealedEntry]:
        """By name, then by stage; without those of the house."""
        ...

    async def delete(self, tenant: str, stage: str, name: str) -> bool: ...

    async def not_under(self, key_id: str, *, limit: int = 100) -> Sequence[Sealed]:
        """Over all tenants: some of those that another master key wrapped, for rotation."""
        ...
