"""The flows of a data directory, for commands that need no server. Only they pay for importing this."""

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from tenuto.bootstrap.engine import open_reader, open_registry
from tenuto.ports.store import Store
from tenuto.sdk.registry import library
from tenuto.service.archive import Archive
from tenuto.service.published import Published
from tenuto.service.shelf import Shelf, live_in
from tenuto.settings import Settings
from tenuto.stores.sql import open_store


@asynccontextmanager
async def open_flows(settings: Settings) -> AsyncGenerator[tuple[Store, Shelf]]:
    """The flows of a data directory, beside whoever owns it: the store lets many processes in."""
    async with AsyncExitStack() as stack:
        store = await open_store(settings.data, settings.address)
        stack.push_async_callback(store.close)
        shelf = Shelf(published=Published(store, library(open_registry(settings))), clock=time.time)
        with suppress(FileNotFoundError):  # there has been no run yet
            reader: Any = await stack.enter_async_context(open_reader(settings))  # a journal as far as it is read
            shelf.live = live_in(Archive(reader, reader, lambda _: None))
        yield store, shelf
