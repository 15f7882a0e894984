"""A look at an agent before it is given a task: who it is, and which models it will ask. Also from another process, as JSON."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tenuto.ports.engine import Refused
from tenuto.sdk.agents import Agent, Agents
from tenuto.sdk.agents.agent_json import agent_json, agent_of
from tenuto.sdk.errors import NodeError


@dataclass(slots=True, frozen=True)
class Choice:
    """The models that will be asked, in order, and why; or why none can be."""

    models: tuple[str, ...] = ()
    why: str = ""
    trouble: str = ""

    @property
    def names(self) -> str:
        return ", else ".join(self.models)


@dataclass(slots=True, frozen=True)
class AgentLook:
    agent: Agent
    choice: Choice


async def look_at(rooms: Agents, name: str, model: str | None = None) -> AgentLook:
    """`model`: in place of the agent's own. Refused where there is no such agent, with names that are near."""
    try:
        agent = await rooms.agent(name)
    except NodeError as error:
        raise Refused("not_found", error.message) from None
    return AgentLook(agent, await choice_of(rooms, (model,) if model else agent.model))


async def choice_of(rooms: Agents, models: Sequence[str]) -> Choice:
    try:
        endpoints = await rooms.endpoints(models)
    except NodeError as error:
        return Choice(trouble=error.message)
    return Choice(tuple(each.spec.name for each in endpoints), endpoints[0].spec.chosen if endpoints else "")


def look_json(look: AgentLook) -> dict[str, Any]:
    return {"agent": agent_json(look.agent), "choice": asdict(look.choice)}


def look_of(said: dict[str, Any]) -> AgentLook:
    choice = dict(said["choice"])
    return AgentLook(agent_of(said["agent"]), Choice(tuple(choice.pop("models")), **choice))
