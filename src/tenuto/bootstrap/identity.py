"""Users, keys and the audit without a server, or beside one: the store of a data directory and its keys."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tenuto.ports.store import Store
from tenuto.service.identity import Identity, make_identity
from tenuto.settings import Settings
from tenuto.stores.sql import open_store


@dataclass(slots=True)
class Registrar:
    """An open store, and what proves who somebody is."""

    store: Store
    identity: Identity


@asynccontextmanager
async def open_identity(settings: Settings) -> AsyncGenerator[Registrar]:
    """A server that owns the directory sees what is written within seconds."""
    store = await open_store(settings.data, settings.address)
    try:
        yield Registrar(store, make_identity(store, settings.data, time.time))
    finally:
        await store.close()
