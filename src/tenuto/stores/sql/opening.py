"""A store opened: the database found or made, its tables brought up to date, the default tenant in it."""

import tempfile
import time
from pathlib import Path
from typing import Final

from tenuto.ports.tenants import Tenant
from tenuto.stores.sql.engines import Engines, postgres_engines, sqlite_engines
from tenuto.stores.sql.schema import ensure_schema
from tenuto.stores.sql.store import SqlStore

FILE: Final = "store.db"
DEFAULT_TENANT: Final = "default"


async def open_store(data: Path, url: str | None = None) -> SqlStore:
    """The store of a data directory (`store.db` in it), or of the PostgreSQL that the URL names. The caller closes it.

    Raises `ports.journal.Newer` if a newer program wrote it, `ports.records.Unavailable` if nobody answers.
    """
    if url is not None:
        return await _opened(postgres_engines(url))
    return await _opened(sqlite_engines(data / FILE))


async def temporary_store() -> SqlStore:
    """A store for a test or a demonstration: nothing is synced to the disk, and `close` removes it."""
    folder = Path(tempfile.mkdtemp(prefix="tenuto-store-"))
    return await _opened(sqlite_engines(folder / FILE, temporary=True))


async def _opened(engines: Engines) -> SqlStore:
    store = SqlStore(engines)
    try:
        await ensure_schema(engines.migrator)
        await _ensure_default_tenant(store)
    except BaseException:
        await store.close()
        raise
    return store


async def _ensure_default_tenant(store: SqlStore) -> None:
    async with store.read() as tx:
        if await tx.tenants.get(DEFAULT_TENANT) is not None:
            return
    async with store.write() as tx:
        if await tx.tenants.get(DEFAULT_TENANT) is None:
            await tx.tenants.add(Tenant(DEFAULT_TENANT, DEFAULT_TENANT, time.time()))
