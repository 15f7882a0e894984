"""The tools of a data directory, for commands that need no server. Only they pay for importing this."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tenuto.bootstrap.agents import agents_beside
from tenuto.bootstrap.engine import open_registry
from tenuto.bootstrap.flows import open_flows
from tenuto.bootstrap.tools import make_tools
from tenuto.bootstrap.vault import make_vault
from tenuto.ports.store import Store
from tenuto.service.shelf import Shelf
from tenuto.service.tools.toolbox import Toolbox
from tenuto.settings import Settings


@dataclass(slots=True, frozen=True)
class ToolsHere:
    """A `Workshop`."""

    tools: Toolbox
    store: Store
    flows: Shelf


@asynccontextmanager
async def open_tools(settings: Settings) -> AsyncGenerator[ToolsHere]:
    """Beside whoever owns the directory: the store lets many processes in."""
    async with open_flows(settings) as (store, shelf):
        tools = make_tools(
            settings,
            agents_beside(settings, store=store),
            open_registry(settings),
            shelf.published,
            secrets=make_vault(settings, store),
            store=store,
        )
        try:
            yield ToolsHere(tools, store, shelf)
        finally:
            await tools.aclose()
