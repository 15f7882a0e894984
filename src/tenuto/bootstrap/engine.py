"""An engine on a data directory: what the command line needs, with or without a server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenuto.bootstrap.house_later import HouseLater
from tenuto.hosts.local.beside import FlowsBeside
from tenuto.hosts.local.host import LocalHost
from tenuto.hosts.local.logs import Logs
from tenuto.hosts.local.names import Names
from tenuto.hosts.local.opening import make_host
from tenuto.hosts.local.options import Options, PoolLimit
from tenuto.hosts.local.variables import FixedVariables
from tenuto.ports.agent_house import AgentHouse
from tenuto.ports.files import KeptFiles
from tenuto.ports.flows import FlowSource
from tenuto.ports.secrets import Secrets
from tenuto.ports.variables import Variables
from tenuto.sdk.http import HttpClient
from tenuto.sdk.registry import Registry, library
from tenuto.service.key_files import key_of
from tenuto.settings import Settings
from tenuto.stores.journals import find_reader, open_journal

if TYPE_CHECKING:
    from tenuto.stores.journals import AnyJournal, AnyReader, Records

LOGS = "logs"
FILES_KEY = "files.key"  # with it ids of files are sealed


@dataclass(slots=True)
class Opened:
    """An owned data directory. `journal` is also its blobs; `records` the same for people, who do not wait for a database
    that is away. `warnings` are sentences about where it lies."""

    engine: LocalHost
    journal: "AnyJournal"
    records: "Records"
    registry: Registry
    warnings: tuple[str, ...]


@asynccontextmanager
async def open_engine(
    settings: Settings,
    registry: Registry | None = None,
    *,
    flows: FlowSource | None = None,
    secrets: Secrets | None = None,
    variables: Variables | None = None,
    agents: AgentHouse | None = None,
    beside: Path | None = None,
    drive: bool = True,
) -> AsyncGenerator[Opened]:
    """Own the data directory and drive runs in it. Nothing is taken over until `engine.recover()` is asked for.

    `beside`: the folder of the flow, where `agents/` may stand. Without `drive` what it is told is recorded, and no node runs: for who only has a word to say.
    `engine.failure` is set if the storage fails for good: leave then, and say so.
    """
    registry = open_registry(settings) if registry is None else registry
    flows = flows or FlowsBeside(library(registry), beside or Path())
    own = HouseLater(settings, registry, flows, secrets, beside)
    journal = await open_journal(settings.data, settings.database_url)
    client = HttpClient(settings.http_allow)
    try:
        engine = make_host(
            journal,
            journal,
            registry,
            flows,
            epoch=journal.epoch,
            clean=journal.previous_clean,
            secrets=secrets,
            variables=variables or FixedVariables(settings.variables),
            http=client,
            agents=agents or own,
            options=_options(settings, drive=drive),
            files_key=key_of(settings.data / FILES_KEY),
            logs=settings.data / LOGS,
            reachable=journal.reachable,
        )
        engine.keep_house()
        try:
            yield Opened(engine, journal, journal.reader, registry, journal.warnings)
        finally:
            await engine.close()
    finally:
        await own.aclose()
        await client.aclose()
        await journal.close()


@asynccontextmanager
async def open_reader(settings: Settings) -> AsyncGenerator["AnyReader"]:
    """The same runs to look at, beside whoever owns them. `FileNotFoundError` if there are none."""
    async with await find_reader(settings.data, settings.database_url) as reader:
        yield reader


@asynccontextmanager
async def open_files(settings: Settings) -> AsyncGenerator[KeptFiles]:
    """Files of the runs, to look at."""
    from tenuto.hosts.local.files import FileReader

    async with open_reader(settings) as reader:
        yield FileReader(reader, key_of(settings.data / FILES_KEY))


def open_registry(settings: Settings, beside: Path | None = None) -> Registry:
    """The library: what is installed, what the settings name, and `nodes/` beside the flow (or here)."""
    folder = (beside or Path()) / "nodes"
    return Registry([*settings.nodes, *([folder] if folder.is_dir() else [])])


def new_run_id() -> str:
    """For whoever asks another process to start a run, and must know it again if no answer comes."""
    return Names().run_id()


def open_logs(settings: Settings) -> Logs:
    """What nodes said with `ctx.log`, to look at."""
    return Logs(settings.data / LOGS, settings.log_lines)


def _options(settings: Settings, *, drive: bool) -> Options:
    same = ("grace", "shutdown", "threads", "resident", "idle", "log_lines", "retention")
    same += ("runs", "tenant_runs", "tenant_queue")
    pools = {name: PoolLimit(pool.concurrency, pool.rate) for name, pool in settings.pools.items()}
    return Options(drive=drive, pools=pools, **{name: getattr(settings, name) for name in same})
