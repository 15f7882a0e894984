"""The store of a data directory, opened when somebody first asks: runs without a server seldom do."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tenuto.ports.store import Transaction
from tenuto.service.copies import STORE
from tenuto.settings import Settings

if TYPE_CHECKING:
    from tenuto.stores.sql.store import SqlStore


def has_store(settings: Settings) -> bool:
    """Whether anything can have been saved: a server was there, or a command that saves."""
    return settings.database_url is not None or (settings.data / STORE).exists()


class StoreLater:
    """A `Store`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store: SqlStore | None = None
        self._first = asyncio.Lock()

    @asynccontextmanager
    async def write(self) -> AsyncGenerator[Transaction]:
        async with (await self._opened()).write() as tx:
            yield tx

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[Transaction]:
        async with (await self._opened()).read() as tx:
            yield tx

    async def close(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            await store.close()

    async def _opened(self) -> "SqlStore":
        async with self._first:
            if self._store is None:
                from tenuto.stores.sql import open_store

                self._store = await open_store(self._settings.data, self._settings.address)
            return self._store
