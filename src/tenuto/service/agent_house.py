"""The house: what the nodes of a run find of agents, models, tools and runtimes, as their tenant and stage may see them.

An agent may lack some of its tools (one that is not installed yet, a name with a slip): it runs without them, and its
problems say so. What it is given here is recorded with the first step of its run, so a change touches no run in flight.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from tenuto.core.problems import Problem, did_you_mean
from tenuto.ports.agent_house import Surroundings
from tenuto.ports.agent_source import AgentSource
from tenuto.ports.models import Models
from tenuto.ports.tools import Tools
from tenuto.sdk.agents import Agent, Agents, Endpoint, Runtime, Tool
from tenuto.sdk.agents.conversation import Conversation
from tenuto.sdk.errors import NodeError
from tenuto.service.session_turns import SessionTurns

Loader = Callable[[], Runtime]


class Conversations(Protocol):
    """Sessions by tenant and name, and whose turn it is in them."""

    @property
    def turns(self) -> SessionTurns: ...

    def __call__(self, tenant: str, session: str) -> Conversation: ...


_LONG: Final = 80


@dataclass(slots=True)
class House:
    """An `AgentHouse`. `runtimes`: how each is loaded; `ImportError` where something that it needs is not installed."""

    source: AgentSource
    models: Models | None
    router: Tools
    runtimes: Mapping[str, Loader]
    conversations: Conversations | None = None
    closing: Callable[[], Awaitable[None]] | None = None  # of its tools
    _loaded: dict[str, Runtime] = field(default_factory=dict[str, Runtime])

    def of(self, tenant: str, stage: str) -> Agents:
        return _Rooms(self, tenant, stage)

    def attend(self, runs: Surroundings) -> None:
        if self.conversations is not None:
            self.conversations.turns.attend(runs)

    async def recovered(self) -> None:
        if self.conversations is not None:
            await self.conversations.turns.recovered()

    async def aclose(self) -> None:
        if self.conversations is not None:
            await self.conversations.turns.aclose()
        if self.models is not None:
            await self.models.aclose()
        if self.closing is not None:
            await self.closing()

    def runtime(self, name: str) -> Runtime:
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def _load(self, name: str) -> Runtime:
        loader = self.runtimes.get(name)
        if loader is None:
            hint = did_you_mean(name[:_LONG], self.runtimes) or f"there are {', '.join(self.runtimes)}"
            raise NodeError(f"there is no runtime `{name[:_LONG]}` ({hint})", type="runtime", retry=False)
        try:
            return loader()
        except ImportError as error:
            said = f"the runtime `{name}` is not installed: pip install 'tenuto[{name}]' ({error})"
            raise NodeError(said, type="runtime", retry=False) from error


@dataclass(slots=True, frozen=True)
class _Rooms:
    """The house as one tenant sees it in one stage."""

    house: House
    tenant: str
    stage: str

    async def agent(self, name: str) -> Agent:
        found = await self.house.source.find(name, tenant=self.tenant)
        if found is None:
            raise no_agent(name, await self.house.source.names(tenant=self.tenant))
        return await self._equipped(found)

    async def endpoints(self, models: Sequence[str]) -> list[Endpoint]:
        if self.house.models is None:
            raise NodeError("there are no models here", type="model", retry=False)
        return await self.house.models.endpoints(models, tenant=self.tenant, stage=self.stage)

    async def tools(self, names: Sequence[str]) -> list[Tool]:
        return await self.house.router.tools(names, tenant=self.tenant, stage=self.stage)

    def runtime(self, name: str) -> Runtime:
        return self.house.runtime(name)

    def conversation(self, session: str) -> Conversation:
        if self.house.conversations is None:
            raise NodeError("no sessions are remembered here", type="session", retry=False)
        return self.house.conversations(self.tenant, session)

    async def _equipped(self, agent: Agent) -> Agent:
        """The agent with those of its tools that there are."""
        if not agent.tools:
            return agent
        problems = await self.house.router.check(agent.tools, tenant=self.tenant, stage=self.stage)
        missing = {problem.path for problem in problems if problem.severity == "error"}
        tools = tuple(tool for index, tool in enumerate(agent.tools) if f"tools[{index}]" not in missing)
        lacking = tuple(as_warning(problem) for problem in problems)
        return replace(agent, tools=tools, problems=(*agent.problems, *lacking))


def as_warning(problem: Problem) -> Problem:
    """What is wrong with a tool that an agent names. Where it stands among those that could be ours says nothing of its file."""
    return replace(problem, path="tools", severity="warning")


def no_agent(name: str, names: Sequence[str]) -> NodeError:
    """What a name that no agent has is answered with."""
    hint = did_you_mean(name[:_LONG], names) or "`tenuto agents list` shows those that there are"
    return NodeError(f"there is no agent `{name[:_LONG]}` ({hint})", type="agent", retry=False)
