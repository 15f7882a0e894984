"""The platform put together from its ports: what is made of them is the service's own, and the same wherever it runs."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from tenuto.documents import load
from tenuto.ports.blobs import Contents
from tenuto.ports.bus import Bus
from tenuto.ports.engine import Engine
from tenuto.ports.feed import Feed
from tenuto.ports.files import Files
from tenuto.ports.journal import Commits, Recorded, RunQuery
from tenuto.ports.labels import Labels
from tenuto.ports.limits import Limits, Rate
from tenuto.ports.load import Loaded
from tenuto.ports.logs import Logs
from tenuto.ports.models import Models
from tenuto.ports.names import Names
from tenuto.ports.quotas import Quotas
from tenuto.ports.store import Store
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.http import HttpClient
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.archive import Archive
from tenuto.service.courier import Courier
from tenuto.service.health import Check, Finding, Health, disk
from tenuto.service.identity import make_identity
from tenuto.service.issuers import Issuer
from tenuto.service.limits import turnstile
from tenuto.service.live import LiveRuns
from tenuto.service.oidc import OutsideTokens
from tenuto.service.platform import Platform
from tenuto.service.principal import DEFAULT_TENANT
from tenuto.service.published import Published
from tenuto.service.run_figures import RunFigures
from tenuto.service.run_lines import RunLines
from tenuto.service.runs import Deleter
from tenuto.service.shelf import Shelf, live_in
from tenuto.service.subscriptions import Subscriptions
from tenuto.service.telemetry import Telemetry
from tenuto.service.tools.toolbox import Toolbox
from tenuto.service.triggers import Triggers
from tenuto.service.variables import StoredVariables
from tenuto.service.vault import Vault

_LATE: Final = 1.0  # seconds


class Host(Engine, Feed, Deleter, Labels, Quotas, Loaded, Protocol):
    """An engine that also tells what happens, forgets runs that have ended, and keeps to the quotas of tenants."""


class Records(Recorded, Contents, Protocol):
    """A journal that keeps the blobs that it refers to, as far as they are read."""


class Owned(Protocol):
    """The journal as its owner knows it. `failure`: why nothing is written any more."""

    epoch: int

    @property
    def failure(self) -> BaseException | None: ...

    @property
    def commits(self) -> Commits: ...


@dataclass(slots=True)
class Given:
    """What settings say. `data`: the directory with the server's own keys. `rates`: of `[limits]`. `issuers`: of `[oidc]`."""

    data: Path
    rates: Mapping[str, Rate | None] = field(default_factory=dict[str, Rate | None])
    loopback: bool = True
    issuers: Mapping[str, Issuer] = field(default_factory=dict[str, Issuer])


@dataclass(slots=True, kw_only=True)
class Parts:
    """What adapters give."""

    host: Host
    journal: Owned
    records: Records
    store: Store
    agents: AgentShelf
    models: Models
    tools: Toolbox
    published: Published
    registry: Mapping[str, NodeDefinition]
    vault: Vault
    variables: StoredVariables
    bus: Bus
    files: Files
    logs: Logs
    names: Names
    limits: Limits
    http: HttpClient
    webhooks: HttpClient  # cuts answers


def put_together(given: Given, parts: Parts) -> Platform:
    """Before runs are taken over, so that nothing of them is missed. `platform.live.close()` ends it."""
    archive = Archive(parts.records, parts.records, lambda content: load(content, format="json").flow)
    triggers = Triggers(parts.store)
    figures = RunFigures()
    telemetry = Telemetry(figures, RunLines())
    parts.host.record(telemetry)
    outbox = asyncio.Event()
    subscriptions = Subscriptions(parts.store, time.time)
    outside = OutsideTokens(parts.store, given.issuers, parts.http, time.monotonic)
    return Platform(
        engine=parts.host,
        archive=archive,
        journal=parts.host,
        registry=parts.registry,
        clock=time.time,
        store=parts.store,
        flows=Shelf(
            published=parts.published,
            clock=time.time,
            live=live_in(archive),
            agents=parts.agents,
            told=outbox.set,
            listeners=[triggers],
        ),
        agents=parts.agents,
        models=parts.models,
        tools=parts.tools,
        triggers=triggers,
        bus=parts.bus,
        secrets=parts.vault,
        vault=parts.vault,
        variables=parts.variables,
        files=parts.files,
        logs=parts.logs,
        labels=parts.host,
        quotas=parts.host,
        busy=parts.host,
        names=parts.names,
        live=LiveRuns.of(archive, parts.host, parts.published.numbers.fill),
        turnstile=turnstile(parts.limits, given.rates, loopback=given.loopback),
        identity=make_identity(parts.store, given.data, time.time, outside=[outside]),
        outbox=outbox,
        subscriptions=subscriptions,
        courier=Courier(parts.store, parts.vault, subscriptions, parts.webhooks, time.time, outbox.set),
        figures=figures,
        telemetry=telemetry,
        commits=parts.journal.commits,
        health=Health(_checks(given, parts, telemetry)),
    )


def _checks(given: Given, parts: Parts, telemetry: Telemetry) -> dict[str, Check]:
    async def journal() -> Finding:
        if parts.journal.failure is not None:
            return Finding("down", "failed; the server is about to end")
        await parts.records.runs(RunQuery(limit=1))
        return Finding("ok")

    async def owner() -> Finding:
        return Finding("ok", f"epoch {parts.journal.epoch}")

    async def store() -> Finding:
        async with parts.store.read() as tx:
            known = await tx.tenants.get(DEFAULT_TENANT)
        return Finding("ok") if known else Finding("down", "the default tenant is missing")

    async def models() -> Finding:
        down = parts.models.down()
        return Finding("degraded", f"{down} not asked for now") if down else Finding("ok")

    async def mcp() -> Finding:
        """Of those that the settings name: what a tenant registers is its own affair."""
        servers = parts.tools.mcp.given
        gone = sum(name in servers for name in parts.tools.mcp.mcp.troubles())
        return Finding("degraded", f"{gone} of {len(servers)} servers do not answer") if gone else Finding("ok")

    async def loop() -> Finding:
        return Finding("ok" if telemetry.lag < _LATE else "degraded", f"{telemetry.lag * 1000:.0f} ms late")

    return {
        "journal": journal,
        "owner": owner,
        "store": store,
        "disk": disk(given.data),
        "models": models,
        **({"mcp": mcp} if parts.tools.mcp.given else {}),
        "event_loop": loop,
    }
