"""`agent:NAME`: an agent as a tool of whoever is no agent itself: a flow, a person, a program that asks over MCP.

An agent that calls another gives it a tool of its own (`sdk/agents/delegating.py`), which holds the other to its bounds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenuto.ports.agent_source import AgentSource
from tenuto.sdk.agents import Agent, Tool, Work
from tenuto.sdk.agents.delegating import AgentTool as Delegate
from tenuto.sdk.agents.recording import recorded_agent
from tenuto.sdk.agents.scoped import Scoped
from tenuto.sdk.agents.tool import Effects
from tenuto.sdk.context import Context


@dataclass(slots=True, frozen=True)
class AgentTool:
    agent: Agent

    effects: Effects = "idempotent"
    durable = True
    timeout = None
    trusted = True
    sends = False

    @property
    def name(self) -> str:
        return f"agent:{self.agent.name}"

    @property
    def description(self) -> str:
        return self.agent.description or f"The agent {self.agent.name}."

    @property
    def parameters(self) -> Mapping[str, Any]:
        return Delegate.parameters

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        inner = Scoped(ctx, f"{key}/", agent=self.agent.name)
        agent = await recorded_agent(inner, self.agent.name)
        work = Work(agent=agent, task=arguments["task"], parameters=arguments.get("parameters", {}))
        return dict(await ctx.agents.runtime(agent.runtime).run(work, inner))


@dataclass(slots=True, frozen=True)
class AgentTools:
    """A source over the agents of a tenant."""

    agents: AgentSource

    async def find(self, name: str, *, tenant: str, stage: str) -> Sequence[Tool]:
        del stage
        found = await self.agents.find(name, tenant=tenant)
        return [] if found is None else [AgentTool(found)]

    async def names(self, *, tenant: str, stage: str) -> list[str]:
        del stage
        return [agent.name for agent in await self.agents.agents(tenant=tenant)]
