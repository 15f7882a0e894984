"""The secrets of a data directory: for a server, and for commands that need none. Only they pay for importing this."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tenuto.hosts.local.secrets import EnvironmentSecrets
from tenuto.ports.store import Store
from tenuto.service.master_keys import master_keys
from tenuto.service.vault import Vault
from tenuto.settings import Settings
from tenuto.stores.sql import open_store


def make_vault(settings: Settings, store: Store) -> Vault:
    """`Refused` if a master key could be guessed."""
    given = None if settings.secret_key is None else settings.secret_key.text
    return Vault(store, master_keys(settings.data, given), EnvironmentSecrets())


@asynccontextmanager
async def open_vault(settings: Settings) -> AsyncGenerator[Vault]:
    """Beside whoever owns the directory: the store lets many processes in."""
    store = await open_store(settings.data, settings.address)
    try:
        yield make_vault(settings, store)
    finally:
        await store.close()
