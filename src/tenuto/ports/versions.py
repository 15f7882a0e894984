"""Versions of flows: what was saved, word for word, never changed."""

from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Page


@dataclass(slots=True, frozen=True)
class VersionEntry:
    """A version's line in the history. `hash`: of the canonical document."""

    tenant: str
    flow: str
    number: int  # 1, 2, 3 … of its flow
    hash: str
    media_type: str
    by: str
    at: float


@dataclass(slots=True, frozen=True)
class Version(VersionEntry):
    """`document`: canonical JSON. `source`: the text as its author wrote it, in `media_type`."""

    document: str
    source: str


class Versions(Protocol):
    async def add(
        self,
        tenant: str,
        flow: str,
        *,
        hash: str,  # noqa: A002  the word for it in every layer
        document: str,
        source: str,
        media_type: str,
        description: str = "",
        by: str,
        at: float,
    ) -> tuple[Version, bool]:
        """The next version of the flow, and True; or the newest one and False, if that has the same hash already.

        The flow is made with its first version, and takes the newest one's description. Whoever adds at the same time
        waits: numbers have no gaps and no duplicates.
        """
        ...

    async def get(self, tenant: str, flow: str, number: int | None = None) -> Version | None:
        """That version, or the newest."""
        ...

    async def by_hash(self, tenant: str, flow: str, hash: str) -> Version | None:  # noqa: A002  as above
        """The newest version with this content."""
        ...

    async def history(
        self, tenant: str, flow: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[VersionEntry]:
        """Newest first; empty for a flow that does not exist."""
        ...
