"""The house of agents put together. Imported when the first node asks for agents, and by servers; no library of models,
tools or runtimes is loaded before somebody asks for it."""

import importlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tenuto.bootstrap.agent_shelf import catalog
from tenuto.bootstrap.models import make_models
from tenuto.bootstrap.sessions import StoreWhenNeeded, both, sessions_in, sessions_when_needed
from tenuto.bootstrap.store_later import StoreLater, has_store
from tenuto.bootstrap.tools import make_tools
from tenuto.ports.agent_source import AgentSource
from tenuto.ports.flows import FlowSource
from tenuto.ports.models import Models
from tenuto.ports.secrets import Secrets
from tenuto.ports.store import Store
from tenuto.sdk.agents import Runtime
from tenuto.sdk.definition import NodeDefinition
from tenuto.service.agent_house import House, Loader
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.agent_sources import AgentFiles, Layers, SavedAgents
from tenuto.service.principal import DEFAULT_TENANT
from tenuto.service.sources import Sources
from tenuto.service.tools.toolbox import Toolbox
from tenuto.settings import Settings

FOLDER: Final = "agents"  # beside the flow
RUNTIMES: Final = ("native", "langgraph", "agno", "strands")


def agents_beside(settings: Settings, beside: Path | None = None, store: Store | None = None) -> AgentSource:
    """Without a server: the folder that the settings name, or `agents/` beside the flow (or here), over what was saved (as
    far as there is a store), over the catalog."""
    folder = settings.agents or (beside or Path()) / FOLDER
    kept = [SavedAgents(store)] if store is not None and has_store(settings) else []
    return Layers([AgentFiles(folder, "folder", DEFAULT_TENANT), *kept, catalog()])


def make_shelf(
    settings: Settings,
    registry: Mapping[str, NodeDefinition],
    flows: FlowSource,
    store: Store,
    secrets: Secrets,
    models: Models,
) -> tuple[AgentShelf, House, Toolbox]:
    """Of a server: what tenants have saved (files of a folder are saved as they change), over the catalog."""
    sources, below = Sources(), catalog()
    source = Layers([SavedAgents(store, sources), below])
    tools = make_tools(settings, source, registry, flows, secrets=secrets, store=store)
    shelf = AgentShelf(source=source, catalog=below, tools=tools.router, clock=time.time, sources=sources)
    return shelf, House(source, models, tools.router, runtimes(), sessions_in(store), closing=tools.aclose), tools


def make_house(
    settings: Settings,
    registry: Mapping[str, NodeDefinition],
    flows: FlowSource,
    secrets: Secrets | None = None,
    beside: Path | None = None,
) -> House:
    """Without a server, with the agents that stand beside a flow."""
    kept = StoreLater(settings)
    source = agents_beside(settings, beside, kept)
    tools = make_tools(settings, source, registry, flows, secrets=secrets)
    models = make_models(settings, secrets)
    store = StoreWhenNeeded(settings)
    sessions, closing = sessions_when_needed(store), both(tools.aclose, store.aclose, kept.close)
    return House(source, models, tools.router, runtimes(), sessions, closing=closing)


def runtimes() -> dict[str, Loader]:
    """Each is a package `tenuto.agents.NAME` with a function `make_runtime`."""
    return {name: _loader(name) for name in RUNTIMES}


def _loader(name: str) -> Loader:
    def load() -> Runtime:
        return importlib.import_module(f"tenuto.agents.{name}").make_runtime()

    return load
