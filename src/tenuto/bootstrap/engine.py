"""An engine on a data directory: what the command line needs, with or without a server."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tenuto.hosts.local.beside import FlowsBeside
from tenuto.hosts.local.host import LocalHost
from tenuto.hosts.local.logs import Logs
from tenuto.hosts.local.names import Names
from tenuto.hosts.local.opening import make_host
from tenuto.hosts.local.options import Options, PoolLimit
from tenuto.hosts.local.variables import FixedVariables
from tenuto.ports.flows import FlowSource
from tenuto.sdk.http import HttpClient
from tenuto.sdk.registry import Registry, library
from tenuto.service.key_files import key_of
from tenuto.settings import Settings
from tenuto.stores.journal_sqlite import SqliteJournal, SqliteReader
from tenuto.stores.journal_sqlite.owner import owner_of

if TYPE_CHECKING:
    pass

LOGS = "logs"
FILES_KEY = "files.key"  # with it ids of files are sealed


@dataclass(slots=True)
class Opened:
    """An owned data directory. `journal` is also its blobs; `warnings` are sentences about where it lies."""

    engine: LocalHost
    journal: SqliteJournal
    registry: Registry
    warnings: tuple[str, ...]


@asynccontextmanager
async def open_engine(
    settings: Settings, registry: Registry | None = None, *, flows: FlowSource | None = None, drive: bool = True
) -> AsyncGenerator[Opened]:
    """Own the data directory and drive runs in it. Nothing is taken over until `engine.recover()` is asked for.

    Without `drive` what it is told is recorded, and no node runs: for who only has a word to say.
    `engine.failure` is set if the storage fails for good: leave then, and say so.
    """
    registry = registry or open_registry(settings)
    journal = SqliteJournal(settings.data)
    client = HttpClient(settings.http_allow)
    try:
        engine = make_host(
            journal,
            journal,
            registry,
            flows or FlowsBeside(library(registry)),
            epoch=journal.epoch,
            clean=journal.previous_clean,
            variables=FixedVariables(settings.variables),
            http=client,
            options=_options(settings, drive=drive),
            files_key=key_of(settings.data / FILES_KEY),
            logs=settings.data / LOGS,
        )
        engine.keep_house()
        try:
            yield Opened(engine, journal, registry, journal.warnings)
        finally:
            await engine.close()
    finally:
        await client.aclose()
        await journal.close()


def open_reader(settings: Settings) -> SqliteReader:
    """The same directory to look at, beside whoever owns it."""
    return SqliteReader(settings.data)


def owner(settings: Settings) -> int | None:
    """The process that owns the directory now, if one does."""
    return owner_of(settings.data)


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
    pools = {name: PoolLimit(pool.concurrency, pool.rate) for name, pool in settings.pools.items()}
    return Options(drive=drive, pools=pools, **{name: getattr(settings, name) for name in same})
