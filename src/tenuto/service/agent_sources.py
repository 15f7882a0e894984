"""Where agents come from: files of a folder (a project's own, or the catalog that comes with Tenuto), what a tenant has saved; and
several sources as one."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tenuto.documents.agent_file import LoadedAgent, load_agent
from tenuto.documents.text import MAX_BYTES
from tenuto.ports.agent_source import AgentSource
from tenuto.ports.agents import AgentEntry, AgentVersion
from tenuto.ports.store import Store, Transaction
from tenuto.sdk.agents.agent import Agent, Source
from tenuto.sdk.errors import NodeError
from tenuto.service.sources import Sources

ENDING: Final = ".md"
_PAGE: Final = 500

Stamp = tuple[int, int]  # when it was written, in nanoseconds; its size


@dataclass(slots=True)
class AgentFiles:
    """`FOLDER/NAME.md`, and `FOLDER/TEAM/NAME.md`. `tenant`: whose they are; None: everybody's.

    Read when first asked for, and again when they have changed; `still`: they never do.
    """

    folder: Path
    origin: Source
    tenant: str | None = None
    still: bool = False
    _found: dict[str, Agent] = field(default_factory=dict[str, Agent])
    _read: dict[Path, tuple[Stamp, LoadedAgent]] = field(default_factory=dict[Path, tuple[Stamp, LoadedAgent]])

    async def find(self, name: str, *, tenant: str) -> Agent | None:
        if self.tenant not in (None, tenant):
            return None
        if self.still and name in self._found:
            return self._found[name]
        return await asyncio.to_thread(self._find, name)

    async def names(self, *, tenant: str) -> list[str]:
        return [agent.name for agent in await self.agents(tenant=tenant)]

    async def agents(self, *, tenant: str) -> list[Agent]:
        return await asyncio.to_thread(self._all) if self.tenant in (None, tenant) else []

    def _find(self, name: str) -> Agent | None:
        for path, loaded in self._look(likely=name):
            if loaded.agent is not None and loaded.agent.name == name:
                self._found[name] = loaded.agent
                return loaded.agent
            if loaded.agent is None and loaded.said == name:
                raise NodeError(f"{path} has problems: {loaded.errors[0]}", type="agent", retry=False)
        return None

    def _all(self) -> list[Agent]:
        found: dict[str, Agent] = {}
        for _, loaded in self._look():
            if loaded.agent is not None:
                found.setdefault(loaded.agent.name, loaded.agent)
        return [found[name] for name in sorted(found)]

    def _look(self, likely: str = "") -> Iterator[tuple[Path, LoadedAgent]]:
        """Each file as it is now. The one that is called like the agent comes first: mostly it is that."""
        for path, team in sorted(agent_paths(self.folder), key=lambda found: found[0].stem != likely):
            try:
                yield path, self._loaded(path, team)
            except OSError:
                continue  # it was there a moment ago

    def _loaded(self, path: Path, team: str) -> LoadedAgent:
        stat = path.stat()
        stamp = (stat.st_mtime_ns, stat.st_size)
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            known = self._read[path] = (stamp, read_agent(path, team, self.origin))
        return known[1]


def agent_paths(folder: Path) -> Iterator[tuple[Path, str]]:
    """The agent files of a folder in the order of their names, each with the team that it lies in."""
    for entry in sorted(folder.iterdir()) if folder.is_dir() else ():
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from ((path, entry.name) for path in sorted(entry.iterdir()) if _is_agent(path))
        elif _is_agent(entry):
            yield entry, ""


def read_agent(path: Path, team: str, origin: Source) -> LoadedAgent:
    """An agent that does not say its name has that of its file. Raises `OSError`."""
    with path.open("rb") as opened:
        return load_agent(opened.read(MAX_BYTES + 1), name=path.stem, team=team, origin=origin)


def _is_agent(path: Path) -> bool:
    return path.suffix == ENDING and not path.name.startswith(".") and path.is_file()


@dataclass(slots=True, frozen=True)
class SavedAgents:
    """What a tenant has saved. `sources`: which of it comes from files of a folder."""

    store: Store
    sources: Sources = field(default_factory=Sources)

    async def find(self, name: str, *, tenant: str) -> Agent | None:
        async with self.store.read() as tx:
            version = await tx.agents.get(tenant, name)
        if version is None:
            return None
        loaded = read_version(version, self.sources)
        if loaded.agent is None:
            raise NodeError(f"the agent `{name}` has problems: {loaded.errors[0]}", type="agent", retry=False)
        return loaded.agent

    async def names(self, *, tenant: str) -> list[str]:
        async with self.store.read() as tx:
            return [entry.name for entry in await saved(tx, tenant)]

    async def agents(self, *, tenant: str) -> list[Agent]:
        async with self.store.read() as tx:
            versions = [await tx.agents.get(tenant, entry.name) for entry in await saved(tx, tenant)]
        read = [read_version(version, self.sources).agent for version in versions if version is not None]
        return [agent for agent in read if agent is not None]


def read_version(version: AgentVersion, sources: Sources) -> LoadedAgent:
    origin = "store" if sources.file(version.tenant, version.agent) is None else "folder"
    return load_agent(version.source, name=version.agent, origin=origin)


async def saved(tx: Transaction, tenant: str) -> list[AgentEntry]:
    """All that a tenant has saved, by name."""
    found: list[AgentEntry] = []
    cursor: str | None = None
    while True:
        page = await tx.agents.list(tenant, limit=_PAGE, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found


@dataclass(slots=True, frozen=True)
class Layers:
    """Several sources as one: the first that has an agent of a name hides the others."""

    sources: Sequence[AgentSource]

    async def find(self, name: str, *, tenant: str) -> Agent | None:
        for source in self.sources:
            found = await source.find(name, tenant=tenant)
            if found is not None:
                return found
        return None

    async def names(self, *, tenant: str) -> list[str]:
        return sorted({name for source in self.sources for name in await source.names(tenant=tenant)})

    async def agents(self, *, tenant: str) -> list[Agent]:
        found: dict[str, Agent] = {}
        for source in reversed(self.sources):
            found |= {agent.name: agent for agent in await source.agents(tenant=tenant)}
        return [found[name] for name in sorted(found)]
