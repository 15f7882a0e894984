"""Drafts: what somebody is writing, with whatever problems it has. One a flow; the flow need not exist yet."""

from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Page


@dataclass(slots=True, frozen=True)
class DraftEntry:
    """A draft's line in a list."""

    tenant: str
    flow: str
    media_type: str
    problems: int
    by: str
    at: float


@dataclass(slots=True, frozen=True)
class Draft(DraftEntry):
    """`source`: the text as its author wrote it."""

    source: str


class Drafts(Protocol):
    async def put(self, draft: Draft) -> None:
        """In place of the one before."""
        ...

    async def get(self, tenant: str, flow: str) -> Draft | None: ...

    async def list(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[DraftEntry]:
        """By name of the flow."""
        ...

    async def delete(self, tenant: str, flow: str) -> bool: ...
