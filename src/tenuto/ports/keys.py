"""Keys of the API. Only a keyed digest is kept; the key itself was shown once."""

from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Page


@dataclass(slots=True, frozen=True)
class Key:
    """`prefix`: the part that may be shown, unique over the installation."""

    id: str
    tenant: str
    name: str
    prefix: str
    digest: str
    permissions: tuple[str, ...]
    created_by: str
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None


class Keys(Protocol):
    async def add(self, key: Key) -> None:
        """`Taken` if the id or the prefix is."""
        ...

    async def get(self, tenant: str, id: str) -> Key | None:  # noqa: A002  the word for it in every layer
        ...

    async def list(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Key]:
        """By id, revoked ones too."""
        ...

    async def revoke(self, tenant: str, id: str, at: float) -> bool:  # noqa: A002  as above
        """For good; the first time counts. False if there is none."""
        ...


class KeyRing(Protocol):
    """For who proves who they are: before that no tenant is known."""

    async def by_prefix(self, prefix: str) -> Key | None:
        """Over all tenants."""
        ...

    async def used(self, tenant: str, id: str, at: float) -> None:  # noqa: A002  as above
        """Remember when it was last used."""
        ...
