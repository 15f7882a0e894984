"""The agents that are found here without a server: a folder over those that come with Tenuto."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tenuto.cli.house import House, Place, looked_at, place_of
from tenuto.ports.agent_source import AgentSource
from tenuto.ports.engine import Refused
from tenuto.ports.tools import Tools
from tenuto.sdk.agents import Agent, Agents
from tenuto.service.agent_looks import AgentLook, Choice, choice_of, look_at, look_of
from tenuto.service.agent_names import find
from tenuto.service.refusals import Problem

TENANT = "default"
_FOLDER = "agents"
_ENDING = ".md"


@dataclass(slots=True, frozen=True)
class Broken:
    """A file that is no agent."""

    file: Path
    name: str
    problems: tuple[Problem, ...]


@dataclass(slots=True)
class AgentsHere:
    """`rooms`: what the nodes of a run would find."""

    source: AgentSource
    rooms: Agents
    router: Tools
    folder: Path
    stage: str

    async def agent(self, name: str) -> Agent:
        """With those of its tools that there are, and what is wrong with it. Refused with near names."""
        found = await find(self.source, name, tenant=TENANT)
        return await self.rooms.agent(found.name)

    async def all(self) -> list[Agent]:
        return [await self.rooms.agent(agent.name) for agent in await self.source.agents(tenant=TENANT)]

    async def choice(self, models: tuple[str, ...]) -> Choice:
        return await choice_of(self.rooms, models)

    async def lacking(self, agent: Agent) -> list[Problem]:
        """Tools that its file names and that there are not."""
        return await self.router.check(agent.tools, tenant=TENANT, stage=self.stage)


async def look(house: House, stage: str, name: str, model: str | None) -> AgentLook:
    """An agent as the runs of the directory find it, whoever drives them."""
    if house.owner is not None:
        return look_of(await house.owner.agent(name, model, tenant=TENANT, stage=stage))
    if house.agents is None:
        raise Refused("not_found", "there are no agents here")
    return await look_at(house.agents.of(TENANT, stage), name, model)


def place_with(data: Path | None, stage: str | None, folder: Path | None) -> Place:
    """`folder`: of agent files, as `--agents` says it."""
    place = place_of(data, stage)
    if folder is None:
        return place
    if not folder.is_dir():
        raise Refused("invalid", f"there is no directory {folder}", "--agents names a folder with agent files in it")
    return replace(place, settings=replace(place.settings, agents=folder))


def named(word: str, folder: Path | None) -> tuple[str, Path | None]:
    """What an agent is called, and the folder that it is in: of a file, what that says of itself and where it lies."""
    path = Path(word).expanduser()
    if path.suffix != _ENDING and len(path.parts) == 1:
        return word, folder
    from tenuto.service.agent_sources import read_agent

    try:
        loaded = read_agent(path, "", "folder")
    except OSError as error:
        raise Refused("not_found", f"{word} cannot be read: {error.strerror or error}") from None
    if loaded.agent is None:
        raise Refused("invalid", f"{word}: {loaded.errors[0]}", f"`tenuto agents check {word}` shows all of it")
    return loaded.agent.name, path.parent


@asynccontextmanager
async def agents_here(place: Place) -> AsyncGenerator[AgentsHere]:
    from tenuto.bootstrap.agents_here import open_house

    stage = place.settings.stage
    with looked_at(place) as at:
        async with open_house(at.settings) as house:
            yield AgentsHere(house.source, house.of(TENANT, stage), house.router, folder_of(place), stage)


def folder_of(place: Place) -> Path:
    return place.settings.agents or Path(_FOLDER)


def broken_in(folder: Path) -> list[Broken]:
    """Files of the folder that are no agents."""
    from tenuto.service.agent_sources import agent_paths, read_agent

    loaded = [(path, read_agent(path, team, "folder")) for path, team in agent_paths(folder)]
    return [Broken(path, each.said or path.stem, tuple(each.errors)) for path, each in loaded if each.agent is None]
