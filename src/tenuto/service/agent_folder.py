"""A folder of agent files that is the source: whatever stands in it, or in a folder of a team in it, is saved as versions.

A run in flight keeps the agent with which it began: that is recorded with its first step.
"""

from pathlib import Path

from tenuto.ports.store import Store
from tenuto.service import agents
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.agent_sources import agent_paths
from tenuto.service.platform import Platform
from tenuto.service.watching import Content, Say, Watched


async def load(platform: Platform, path: Path, say: Say) -> "AgentFolder":
    """Take in what the folder holds now; `watch` of what is returned goes on from there."""
    folder = AgentFolder(path, platform.agents, platform.store, say)
    await folder.look(patient=False)
    return folder


class AgentFolder(Watched):
    """Its agents belong to the tenant of those who work here."""

    def __init__(self, path: Path, shelf: AgentShelf, store: Store, say: Say) -> None:
        super().__init__(path, "agent", shelf.sources, say)
        self.shelf = shelf
        self.store = store

    def files(self) -> list[Path]:
        next(self.path.iterdir(), None)  # raises where there is no folder
        return [path for path, _ in agent_paths(self.path)]

    async def read(self, path: Path, content: bytes) -> Content:
        team = "" if path.parent == self.path else path.parent.name
        checked = await agents.check(content, name=path.stem, team=team)
        return Content(checked.loaded.said, checked.loaded.errors, checked)

    async def save(self, content: Content, shown: str) -> tuple[int, bool]:
        async with self.store.write() as tx:
            saved = await agents.save(self.shelf, tx, self.who, content.name, content.checked, file=shown)
        return saved.number, saved.new
