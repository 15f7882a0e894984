"""What a server works with: an engine, a store, and the platform over both. Only servers pay for importing this."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from tenuto.bootstrap.agents import make_shelf
from tenuto.bootstrap.engine import Opened, open_engine, open_registry
from tenuto.bootstrap.models import make_models
from tenuto.bootstrap.tracing import make_spans
from tenuto.bootstrap.vault import make_vault
from tenuto.bus.memory import MemoryBus
from tenuto.hosts.local.names import Names
from tenuto.sdk.http import HttpClient
from tenuto.sdk.registry import Registry, library
from tenuto.service import courier
from tenuto.service.administrator import ensure_token
from tenuto.service.assembly import Given, Parts, put_together
from tenuto.service.platform import Platform
from tenuto.service.published import Published
from tenuto.service.tenants import all_take_effect
from tenuto.service.variables import StoredVariables
from tenuto.settings import Settings
from tenuto.stores.limits_memory import MemoryLimits
from tenuto.stores.sql import open_store


@dataclass(slots=True)
class Server(Opened):
    """`token`: the administrator's; `first`: it was made just now."""

    platform: Platform
    token: str
    first: bool


@asynccontextmanager
async def open_server(settings: Settings, registry: Registry | None = None) -> AsyncGenerator[Server]:
    """Everything that a server works with. As with `open_engine`, nothing is taken over until that is asked for."""
    registry = open_registry(settings) if registry is None else registry
    async with AsyncExitStack() as stack:
        store = await open_store(settings.data, settings.address)
        stack.push_async_callback(store.close)
        published = Published(store, library(registry))
        vault, variables = make_vault(settings, store), StoredVariables(store, settings.variables)
        models = make_models(settings, vault, server=True)
        agents, house, tools = make_shelf(settings, registry, published, store, vault, models)
        stack.push_async_callback(house.aclose)
        engine = open_engine(settings, registry, flows=published, secrets=vault, variables=variables, agents=house)
        opened = await stack.enter_async_context(engine)
        bus = MemoryBus()
        stack.push_async_callback(bus.close)
        token, first = ensure_token(settings.data)
        http, webhooks = _clients(settings, stack)
        given = opened.engine.services
        platform = put_together(
            Given(settings.data, settings.limits, loopback=settings.loopback, issuers=settings.oidc),
            Parts(
                host=opened.engine,
                journal=opened.journal,
                records=opened.records,
                store=store,
                agents=agents,
                models=models,
                tools=tools,
                published=published,
                registry=registry,
                vault=vault,
                variables=variables,
                bus=bus,
                files=given.files,
                logs=given.logs,
                names=Names(),
                limits=MemoryLimits(),
                http=http,
                webhooks=webhooks,
            ),
        )
        stack.callback(platform.live.close)
        platform.spans, untraced = make_spans()
        if platform.spans is not None:
            platform.telemetry.sinks.append(platform.spans)
        await all_take_effect(store, opened.engine)
        warnings = (*opened.warnings, *([untraced] if untraced else []))
        yield Server(opened.engine, opened.journal, opened.records, registry, warnings, platform, token, first)


def _clients(settings: Settings, stack: AsyncExitStack) -> tuple[HttpClient, HttpClient]:
    """Of the server itself (nodes have theirs), and of its webhooks, of whose answers the beginning is enough."""
    http = HttpClient(settings.http_allow)
    webhooks = HttpClient(settings.http_allow, max_bytes=courier.SHOWN, cut=True)
    for client in (http, webhooks):
        stack.push_async_callback(client.aclose)
    return http, webhooks
