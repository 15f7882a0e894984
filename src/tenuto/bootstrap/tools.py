"""Tools put together. Nothing is connected to, and no library of them is imported, before one is called."""

from collections.abc import Mapping

from tenuto.hosts.local.secrets import EnvironmentSecrets
from tenuto.ports.agent_source import AgentSource
from tenuto.ports.flows import FlowSource
from tenuto.ports.secrets import Secrets
from tenuto.ports.store import Store
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.http import HttpClient
from tenuto.sdk.http.urls import parse_url
from tenuto.service.tools.agents import AgentTools
from tenuto.service.tools.built_in import BuiltIn
from tenuto.service.tools.flows import FlowTools
from tenuto.service.tools.http import HttpTools
from tenuto.service.tools.mcp import McpTools
from tenuto.service.tools.nodes import NodeTools
from tenuto.service.tools.router import BUILT_IN, Router
from tenuto.service.tools.services import Service, built_in
from tenuto.service.tools.toolbox import Toolbox
from tenuto.settings import Settings
from tenuto.tools.mcp import Connections


def make_tools(
    settings: Settings,
    agents: AgentSource,
    registry: Mapping[str, NodeDefinition],
    flows: FlowSource,
    *,
    secrets: Secrets | None = None,
    store: Store | None = None,
) -> Toolbox:
    """`store`: None without a server; then flows are files, and the store is opened when it is first asked."""
    given = secrets or EnvironmentSecrets()
    kept, later = (store, None) if store is not None else _later(settings)
    services = _services(settings)
    client = HttpClient(settings.http_allow, hosts=[service.address for service in services.values()])
    connections = Connections(given, settings.http_allow, hosts=_mcp_hosts(settings))
    http = HttpTools(services, given, client, kept)
    mcp = McpTools(settings.mcp, connections, kept)
    router = Router({
        "node": NodeTools(registry),
        "flow": FlowTools(flows, store),
        "agent": AgentTools(agents),
        "http": http,
        "mcp": mcp,
        BUILT_IN: BuiltIn(),
    })  # fmt: skip

    async def close() -> None:
        await connections.aclose()
        await client.aclose()
        if later is not None:
            await later.close()

    return Toolbox(router, http, mcp, close)


def _later(settings: Settings) -> "tuple[Store, Store]":
    from tenuto.bootstrap.store_later import StoreLater

    store = StoreLater(settings)
    return store, store


def _services(settings: Settings) -> dict[str, Service]:
    """Those that come with Tenuto, and over them those of the settings."""
    own = {service.name: service for service in built_in(settings.knowledge_url, settings.integrations_url)}
    return {**own, **settings.tools}


def _mcp_hosts(settings: Settings) -> list[tuple[str, int]]:
    targets = [parse_url(server.url) for server in settings.mcp.values() if server.url]
    return [(target.host, target.port) for target in targets]
