"""Publications: which version of a flow holds in which stage. Triggers are active exactly where there is one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Page


@dataclass(slots=True, frozen=True)
class Publication:
    tenant: str
    flow: str
    stage: str
    version: int
    by: str
    at: float


@dataclass(slots=True, frozen=True)
class PublicationChange:
    """One line of the history. `version` None: it was unpublished."""

    tenant: str
    flow: str
    stage: str
    version: int | None
    by: str
    at: float


class Publications(Protocol):
    async def put(self, publication: Publication) -> None:
        """In place of the one before; `Missing` if there is no such version or stage."""
        ...

    async def remove(self, tenant: str, flow: str, stage: str, *, by: str, at: float) -> bool:
        """False if it is not published there."""
        ...

    async def list(self, tenant: str, *, flow: str | None = None, stage: str | None = None) -> Sequence[Publication]:
        """By flow, then by stage; all, or those of one flow, of one stage, of both."""
        ...

    async def everywhere(self) -> Sequence[Publication]:
        """Over all tenants: for triggers, when the server starts."""
        ...

    async def history(
        self, tenant: str, flow: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[PublicationChange]:
        """What was published and unpublished, newest first. It outlives the flow."""
        ...
