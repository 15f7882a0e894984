"""A house for tests of what starts runs: a real store, a real host on a journal in memory, a clock that the test moves."""

import asyncio
import base64
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from tenuto.bootstrap import open_registry
from tenuto.bootstrap.agent_shelf import CATALOG
from tenuto.bus.memory import MemoryBus
from tenuto.documents.load import load
from tenuto.hosts.local.host import LocalHost
from tenuto.hosts.local.names import Names
from tenuto.hosts.local.opening import make_host
from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.ports.publications import Publication
from tenuto.ports.tenants import Tenant
from tenuto.sdk.http import HttpClient
from tenuto.sdk.http.addresses import parse_networks
from tenuto.sdk.registry import Registry, library
from tenuto.service import flows, publications
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.agent_sources import AgentFiles, Layers, SavedAgents
from tenuto.service.archive import Archive
from tenuto.service.courier import SHOWN, Courier
from tenuto.service.live import LiveRuns
from tenuto.service.master_keys import GivenKeys
from tenuto.service.platform import Platform
from tenuto.service.principal import EVERYTHING, Principal
from tenuto.service.published import Published
from tenuto.service.shelf import Shelf
from tenuto.service.sources import Sources
from tenuto.service.subscriptions import Subscriptions
from tenuto.service.tools.nodes import NodeTools
from tenuto.service.tools.router import Router
from tenuto.service.triggers import Triggers
from tenuto.service.vault import Vault
from tenuto.settings import Settings
from tenuto.stores.memory import MemoryJournal
from tenuto.stores.sql.opening import temporary_store
from tenuto.stores.sql.store import SqlStore

NOW = 1_800_000_000.0  # 2027-01-15 08:00:00 UTC, a Friday


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class FewSecrets:
    """`ports.secrets.Secrets` out of a dictionary."""

    values: dict[str, str] = field(default_factory=dict[str, str])

    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        del tenant, stage
        return self.values[name]


@dataclass
class FewVariables:
    """`ports.variables.Variables` that are the same everywhere."""

    async def get(self, *, tenant: str, stage: str) -> dict[str, Any]:
        return {"tenant": tenant, "stage": stage}


@dataclass
class House:
    store: SqlStore
    journal: MemoryJournal
    host: LocalHost
    platform: Platform
    clock: Clock
    secrets: FewSecrets

    def who(self, tenant: str = "default") -> Principal:
        return Principal("admin", "me", "me", tenant, frozenset({EVERYTHING}))

    async def save(self, text: str, tenant: str = "default") -> tuple[str, int]:
        """The flow's name and its version."""
        checked = await flows.read(text.encode(), flows.YAML, self.platform.flows.library)
        async with self.store.write() as tx:
            saved = await flows.save(self.platform.flows, tx, self.who(tenant), checked)
        assert saved.version is not None
        return saved.name, saved.version

    async def publish(self, text: str, stage: str = "dev", tenant: str = "default") -> Publication:
        name, version = await self.save(text, tenant)
        async with self.store.write() as tx:
            return await publications.publish(self.platform.flows, tx, self.who(tenant), name, stage, version)

    async def unpublish(self, flow: str, stage: str = "dev", tenant: str = "default") -> None:
        async with self.store.write() as tx:
            await publications.unpublish(self.platform.flows, tx, self.who(tenant), flow, stage)

    async def tenant(self, name: str) -> None:
        async with self.store.write() as tx:
            await tx.tenants.add(Tenant(name, name, self.clock()))

    async def runs(self, **query: Any) -> list[RunEntry]:
        """The newest last."""
        return (await self.journal.runs(RunQuery(limit=10_000, **query)))[::-1]

    async def until(self, count: int) -> None:
        """There are so many runs."""
        while len(await self.runs()) < count:  # noqa: ASYNC110  the journal tells nobody
            await asyncio.sleep(0.01)

    async def begun(self, run: str) -> Any:
        """What the run was started with: its first fact."""
        return next(fact for _, fact in await self.host.history.facts(run) if fact.type == "run.started")


@asynccontextmanager
async def opened(
    *, journal: MemoryJournal | None = None, store: SqlStore | None = None, clock: Clock | None = None, **more: Any
) -> AsyncGenerator[House]:
    """`journal`, `store`: of a house before, which crashed."""
    async with _store(store) as kept, _house(kept, journal or MemoryJournal(), clock or Clock(), more) as house:
        yield house


@asynccontextmanager
async def _store(given: SqlStore | None) -> AsyncGenerator[SqlStore]:
    if given is not None:
        yield given
        return
    made = await temporary_store()
    try:
        yield made
    finally:
        await made.close()


@asynccontextmanager
async def _house(store: SqlStore, journal: MemoryJournal, clock: Clock, more: dict[str, Any]) -> AsyncGenerator[House]:
    registry = open_registry(Settings())
    published = Published(store, library(registry))
    archive = Archive(journal, journal, lambda content: load(content, format="json").flow)
    secrets, triggers = FewSecrets(), Triggers(store)
    host = make_host(journal, journal, registry, published, clock=clock, seed=1, files_key=b"k" * 32, **more)
    outbox, subscriptions = asyncio.Event(), Subscriptions(store, clock)
    vault = Vault(store, GivenKeys(base64.b64encode(bytes(range(32))).decode()))
    asker = HttpClient(parse_networks("127.0.0.1/32"), max_bytes=SHOWN, cut=True)
    live, bus = LiveRuns.of(archive, host, published.numbers.fill), MemoryBus()
    agents = _shelf_of_agents(store, registry, clock)
    given: dict[str, Any] = {
        "engine": host,
        "archive": archive,
        "journal": journal,
        "registry": registry,
        "clock": clock,
        "store": store,
        "flows": Shelf(published=published, agents=agents, clock=clock, told=outbox.set, listeners=[triggers]),
        "agents": agents,
        "triggers": triggers,
        "names": Names(),
        "bus": bus,
        "live": live,
        "variables": FewVariables(),
        "files": host.services.files,
        "secrets": secrets,
        "outbox": outbox,
        "vault": vault,
        "subscriptions": subscriptions,
        "courier": Courier(store, vault, subscriptions, asker, clock, outbox.set),
    }
    try:
        yield House(store, journal, host, platform_of(given), clock, secrets)
    finally:
        live.close()
        await asker.aclose()
        await host.close()


def _shelf_of_agents(store: SqlStore, registry: Registry, clock: Clock) -> AgentShelf:
    sources, catalog = Sources(), AgentFiles(CATALOG, "catalog")
    source = Layers([SavedAgents(store, sources), catalog])
    tools = Router({"node": NodeTools(registry)})
    return AgentShelf(source=source, catalog=catalog, tools=tools, clock=clock, sources=sources)


def platform_of(given: dict[str, Any]) -> Platform:
    """What the test gives; nothing where it gives nothing."""
    known = {each.name: each for each in fields(Platform)}
    blank = {name: None for name, each in known.items() if each.default is each.default_factory is MISSING}
    values: dict[str, Any] = {**blank, **{name: value for name, value in given.items() if name in known}}
    return Platform(**values)


def played(scene: Callable[[House], Coroutine[Any, Any, None]], seconds: float = 30, **more: Any) -> None:
    """The scene in a house of its own."""

    async def play() -> None:
        async with opened(**more) as house:
            await asyncio.wait_for(scene(house), seconds)

    asyncio.run(play())
