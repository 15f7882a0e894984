"""Agents of a tenant, by name: what was saved of each, word for word, version after version."""

from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Page


@dataclass(slots=True, frozen=True)
class AgentEntry:
    """An agent that has been saved and not deleted. `number`: of its newest version, whose description and team it has."""

    tenant: str
    name: str
    number: int
    description: str
    team: str
    updated_at: float


@dataclass(slots=True, frozen=True)
class AgentVersionEntry:
    """A version's line in the history. `hash`: of what the file means."""

    tenant: str
    agent: str
    number: int  # 1, 2, 3 … of its agent
    hash: str
    by: str
    at: float


@dataclass(slots=True, frozen=True)
class AgentVersion(AgentVersionEntry):
    """`source`: the agent file as its author wrote it."""

    source: str


class StoredAgents(Protocol):
    async def add(
        self,
        tenant: str,
        name: str,
        *,
        hash: str,  # noqa: A002  the word for it in every layer
        source: str,
        description: str,
        team: str,
        by: str,
        at: float,
    ) -> tuple[AgentVersion, bool]:
        """The next version of the agent, and True; or the newest one and False, if that has the same hash already.

        An agent that was deleted is there again, and its numbers go on. Whoever adds at the same time waits.
        """
        ...

    async def get(self, tenant: str, name: str, number: int | None = None) -> AgentVersion | None:
        """That version, whatever became of the agent; or the newest of one that is not deleted."""
        ...

    async def list(
        self, tenant: str, *, team: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[AgentEntry]:
        """By name, without those that are deleted."""
        ...

    async def history(
        self, tenant: str, name: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[AgentVersionEntry]:
        """Newest first. It outlives the agent."""
        ...

    async def delete(self, tenant: str, name: str) -> bool:
        """Hide the agent; its history stays. False if there is none."""
        ...
