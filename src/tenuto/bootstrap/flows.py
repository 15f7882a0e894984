"""The flows of a data directory, for commands that need no server. Only they pay for importing this."""

import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from tenuto.bootstrap.agent_shelf import shelf_of_agents
from tenuto.bootstrap.engine import open_reader, open_registry
from tenuto.ports.store import Store
from tenuto.sdk.registry import library
from tenuto.service.archive import Archive
from tenuto.service.published import Published
from tenuto.service.shelf import Shelf, live_in
from tenuto.service.tools.nodes import NodeTools
from tenuto.service.tools.router import Router
from tenuto.settings import Settings
from tenuto.stores.sql import open_store


@asynccontextmanager
async def open_flows(settings: Settings) -> AsyncGenerator[tuple[Store, Shelf]]:
    """The flows of a data directory, beside whoever owns it: the store lets many processes in."""
    async with AsyncExitStack() as stack:
        store = await open_store(settings.data, settings.address)
        stack.push_async_callback(store.close)
        registry = open_registry(settings)
        published = Published(store, library(registry))
        agents = shelf_of_agents(store, Router({"node": NodeTools(registry)}))
        shelf = Shelf(published=published, agents=agents, clock=time.time)
        with suppress(FileNotFoundError):  # there has been no run yet
            reader: Any = await stack.enter_async_context(open_reader(settings))  # a journal as far as it is read
            shelf.live = live_in(Archive(reader, reader, lambda _: None))
        yield store, shelf
