"""The folders that are the source of a server's flows and agents."""

from pathlib import Path

from tenuto.service import agent_folder, folder
from tenuto.service.platform import Platform
from tenuto.service.watching import Say, Watched


async def take_in(platform: Platform, flows: Path | None, agents: Path | None, say: Say) -> list[Watched]:
    """What they hold now is taken in, agents first: flows name them. `watch` of what is returned goes on from there."""
    found: list[Watched] = [] if agents is None else [await agent_folder.load(platform, agents, say)]
    return found if flows is None else [*found, await folder.load(platform, flows, say)]
