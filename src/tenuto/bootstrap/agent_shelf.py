"""The agents of a store over those that come with Tenuto."""

import time
from pathlib import Path
from typing import Final

import tenuto
from tenuto.ports.store import Store
from tenuto.ports.tools import Tools
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.agent_sources import AgentFiles, Layers, SavedAgents
from tenuto.service.sources import Sources

CATALOG: Final = Path(tenuto.__file__).parent / "agents" / "catalog"


def catalog() -> AgentFiles:
    return AgentFiles(CATALOG, "catalog", still=True)


def shelf_of_agents(store: Store, tools: Tools) -> AgentShelf:
    """What tenants have saved (files of a folder are saved as they change), over the catalog."""
    sources, below = Sources(), catalog()
    source = Layers([SavedAgents(store, sources), below])
    return AgentShelf(source=source, catalog=below, tools=tools, clock=time.time, sources=sources)
