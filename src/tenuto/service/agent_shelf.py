"""What the use cases of agents work with: a part of the platform. It is also the source that the house of agents has."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tenuto.ports.agent_source import AgentSource
from tenuto.ports.tools import Tools
from tenuto.sdk.agents.agent import Agent
from tenuto.service.sources import Sources


@dataclass(slots=True, kw_only=True)
class AgentShelf:
    """`source`: all that there are. `catalog`: those that come with Tenuto. `sources`: which belong to a folder.

    `clock`: seconds since the epoch, UTC. `tools`: says which of an agent's tools there are.
    """

    source: AgentSource
    catalog: AgentSource
    tools: Tools
    clock: Callable[[], float]
    sources: Sources = field(default_factory=Sources)

    async def find(self, name: str, *, tenant: str) -> Agent | None:
        return await self.source.find(name, tenant=tenant)

    async def names(self, *, tenant: str) -> list[str]:
        return await self.source.names(tenant=tenant)

    async def agents(self, *, tenant: str) -> list[Agent]:
        return await self.source.agents(tenant=tenant)
