"""Where sessions of agents are kept: the store, which without a server is opened when one is first named."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from tenuto.ports.store import Store
from tenuto.service.conversations import StoredConversations
from tenuto.settings import Settings


class StoreWhenNeeded:
    """The store of a data directory, beside whoever else has it open."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._opening = asyncio.Lock()
        self._store: Store | None = None

    async def __call__(self) -> Store:
        async with self._opening:
            if self._store is None:
                from tenuto.stores.sql import open_store  # heavy, and few runs name a session

                self._store = await open_store(self._settings.data, self._settings.address)
            return self._store

    async def aclose(self) -> None:
        if self._store is not None:
            await self._store.close()


def sessions_in(store: Store) -> StoredConversations:
    async def opened() -> Store:
        return store

    return StoredConversations(opened, time.time)


def sessions_when_needed(store: StoreWhenNeeded) -> StoredConversations:
    return StoredConversations(store, time.time)


def both(*closings: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
    async def close() -> None:
        for closing in closings:
            await closing()

    return close
