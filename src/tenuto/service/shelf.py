"""What the use cases of flows work with: a part of the platform, or of a data directory that a command works on."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from tenuto.core.flow import Library
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.ports.publications import Publication
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.archive import UNFINISHED, Archive
from tenuto.service.published import Published
from tenuto.service.sources import Sources

Live = Callable[[str, RunQuery], Awaitable[RunEntry | None]]


class Listener(Protocol):
    """Who makes triggers work where a flow is published. Told on the event loop, after the commit; must not raise."""

    def published(self, publication: Publication) -> None: ...

    def unpublished(self, tenant: str, flow: str, stage: str) -> None: ...


async def _none(tenant: str, like: RunQuery) -> RunEntry | None:
    del tenant, like
    return None


def _nobody() -> None:
    """Who looks after the outbox is another process."""


@dataclass(slots=True, kw_only=True)
class Shelf:
    """`clock`: seconds since the epoch, UTC. `live`: some run of a tenant that is like that and has not ended."""

    published: Published
    agents: AgentShelf  # those that flows name leave and come with them
    clock: Callable[[], float]
    live: Live = _none
    told: Callable[[], None] = _nobody  # the outbox has something new
    sources: Sources = field(default_factory=Sources)
    listeners: list[Listener] = field(default_factory=list[Listener])

    @property
    def library(self) -> Library:
        return self.published.library


def live_in(archive: Archive) -> Live:
    """Asks the archive of the runs."""

    async def live(tenant: str, like: RunQuery) -> RunEntry | None:
        found = await archive.within(tenant).runs(replace(like, statuses=UNFINISHED, limit=1))
        return found[0] if found else None

    return live
