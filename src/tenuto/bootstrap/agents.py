"""The house of agents put together. Imported when the first node asks for agents, and by servers; no library of models,
tools or runtimes is loaded before somebody asks for it."""

import importlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import tenuto
from tenuto.ports.agent_source import AgentSource
from tenuto.ports.flows import FlowSource
from tenuto.ports.store import Store
from tenuto.sdk.agents import Runtime
from tenuto.sdk.definition import NodeDefinition
from tenuto.service.agent_house import House, Loader
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.agent_sources import AgentFiles, Layers, SavedAgents
from tenuto.service.principal import DEFAULT_TENANT
from tenuto.service.sources import Sources
from tenuto.service.tools.flows import FlowTools
from tenuto.service.tools.nodes import NodeTools
from tenuto.service.tools.router import Router
from tenuto.settings import Settings

CATALOG: Final = Path(tenuto.__file__).parent / "agents" / "catalog"
FOLDER: Final = "agents"  # beside the flow
RUNTIMES: Final = ("native", "langgraph", "agno", "strands")


def agents_beside(settings: Settings, beside: Path | None = None) -> AgentSource:
    """Without a server: the folder that the settings name, or `agents/` beside the flow (or here), over the catalog."""
    folder = settings.agents or (beside or Path()) / FOLDER
    return Layers([AgentFiles(folder, "folder", DEFAULT_TENANT), AgentFiles(CATALOG, "catalog")])


def make_shelf(registry: Mapping[str, NodeDefinition], flows: FlowSource, store: Store) -> tuple[AgentShelf, House]:
    """Of a server: what tenants have saved (files of a folder are saved as they change), over the catalog."""
    sources, catalog = Sources(), AgentFiles(CATALOG, "catalog")
    source = Layers([SavedAgents(store, sources), catalog])
    house = make_house(source, registry, flows, store)
    return AgentShelf(source=source, catalog=catalog, tools=house.router, clock=time.time, sources=sources), house


def make_house(
    source: AgentSource, registry: Mapping[str, NodeDefinition], flows: FlowSource, store: Store | None = None
) -> House:
    """`store`: None without a server."""
    router = Router({"node": NodeTools(registry), "flow": FlowTools(flows, store)})
    return House(source, None, router, runtimes())


def runtimes() -> dict[str, Loader]:
    """Each is a package `tenuto.agents.NAME` with a function `make_runtime`."""
    return {name: _loader(name) for name in RUNTIMES}


def _loader(name: str) -> Loader:
    def load() -> Runtime:
        return importlib.import_module(f"tenuto.agents.{name}").make_runtime()

    return load
