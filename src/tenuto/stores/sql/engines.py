"""Connections: one pool to write, one to read.

SQLite: a rollback journal, not the write-ahead log (the library that comes with Python may damage a log that several
connections write; `docs/decisions`). `synchronous=FULL` with `TRUNCATE` syncs the file, and the journal when it is
emptied. One writer; readers are outside of any transaction, so that none holds the writer up for longer than a statement.
"""

import importlib
import os
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, event
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from tenuto.ports.engine import Refused

BUSY_SECONDS: Final = 30.0  # how long a statement waits for another process
SCHEMA: Final = "tenuto_store"  # of PostgreSQL: the tables are nobody else's
_READERS: Final = 4
_POSTGRES: Final = frozenset({"postgres", "postgresql"})
_DIALECT: Final = "postgresql+asyncpg://"  # where it is, the driver is told
_EXAMPLE: Final = "postgresql://user:password@host:5432/name"
_CONNECT_SECONDS: Final = 10.0


@dataclass(slots=True, frozen=True)
class Engines:
    """`file`: where it is SQLite. `writers`: how many may write at once. `migrator`: for the tables themselves."""

    writer: AsyncEngine
    reader: AsyncEngine
    migrator: AsyncEngine
    writers: int
    file: Path | None = None
    temporary: bool = False

    async def close(self) -> None:
        await self.reader.dispose()
        await self.writer.dispose()
        await self.migrator.dispose()
        if self.temporary and self.file is not None:
            shutil.rmtree(self.file.parent, ignore_errors=True)


def sqlite_engines(file: Path, *, temporary: bool = False) -> Engines:
    """`temporary`: nobody will open it again, and its folder goes with it."""
    make_private(file)
    pragmas = ["journal_mode=TRUNCATE", f"synchronous={'OFF' if temporary else 'FULL'}", "foreign_keys=ON"]
    writer = _sqlite(file, [*pragmas, "cache_spill=OFF"], pool_size=1, max_overflow=0)
    event.listen(writer.sync_engine, "begin", _begin_immediate)
    reader = _sqlite(
        file,
        [*pragmas, "query_only=ON"],
        pool_size=_READERS,
        max_overflow=0,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_reset_on_return=None,
    )
    # Altering a table of SQLite makes it anew; with foreign keys on, what refers to it would go with the old one.
    migrator = _sqlite(file, [*pragmas, "foreign_keys=OFF"], poolclass=NullPool)
    event.listen(migrator.sync_engine, "begin", _begin_immediate)
    return Engines(writer, reader, migrator, 1, file, temporary)


def postgres_engines(url: str) -> Engines:
    """`url` as libpq has it, with any of its parameters."""
    shared: dict[str, Any] = {"pool_size": 5, "pool_pre_ping": True, "pool_timeout": BUSY_SECONDS}
    writer = create_async_engine(_DIALECT, async_creator=_creator(url), max_overflow=5, **shared)
    reader = create_async_engine(
        _DIALECT,
        async_creator=_creator(url, "SET default_transaction_read_only TO on"),
        max_overflow=10,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        pool_reset_on_return=None,
        **shared,
    )
    return Engines(writer, reader, writer, 10)


def _creator(url: str, *settings: str) -> Callable[..., Awaitable[Any]]:
    """How connections are made: by the driver itself, which reads the address as PostgreSQL's own tools do.

    Settings are made afterwards, not while connecting: poolers refuse what they do not know.
    """
    _check_postgres_url(url)
    driver = _driver()

    async def connect(**_more: Any) -> Any:
        connection = await driver.connect(url, timeout=_CONNECT_SECONDS)
        for setting in (f"SET search_path TO {SCHEMA}", *settings):
            await connection.execute(setting)
        return connection

    return connect


def _driver() -> Any:
    try:
        return importlib.import_module("asyncpg")
    except ImportError:
        raise Refused("invalid", "the driver of PostgreSQL is missing", 'pip install "tenuto[postgres]"') from None


def _check_postgres_url(url: str) -> None:
    scheme, there, _ = url.partition("://")
    if not there or scheme not in _POSTGRES:
        raise Refused("invalid", "this is not the URL of a database that Tenuto knows", f"write it as {_EXAMPLE}")


def _sqlite(file: Path, pragmas: list[str], **options: Any) -> AsyncEngine:
    url = URL.create("sqlite+aiosqlite", database=str(file))
    # No `BEGIN` of the driver's own: transactions are begun below, or not at all.
    given = {"isolation_level": None, "timeout": BUSY_SECONDS}
    engine = create_async_engine(url, connect_args=given, **options)

    def prepare(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(f"PRAGMA {pragma}")
            cursor.fetchall()
        cursor.close()

    event.listen(engine.sync_engine, "connect", prepare)
    return engine


def _begin_immediate(connection: Connection) -> None:
    """The lock of the writer is taken at once: a transaction that read first could not be let in later."""
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def make_private(file: Path) -> None:
    """Hashes of passwords lie in it. The journal beside it takes over its mode."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
