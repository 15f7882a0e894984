"""The agents of a folder, of the store and of the catalog, for commands that look at them and drive nothing."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from tenuto.bootstrap.agents import make_house
from tenuto.bootstrap.engine import open_registry
from tenuto.hosts.local.beside import FlowsBeside
from tenuto.sdk.registry import library
from tenuto.service.agent_house import House
from tenuto.settings import Settings


@asynccontextmanager
async def open_house(settings: Settings) -> AsyncGenerator[House]:
    """What runs that are driven here would find."""
    registry = open_registry(settings)
    house = make_house(settings, registry, FlowsBeside(library(registry), Path()))
    try:
        yield house
    finally:
        await house.aclose()
