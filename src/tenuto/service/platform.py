"""What the use cases of a server work with: built once by `bootstrap`, handed to every skin."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tenuto.ports.bus import Bus
from tenuto.ports.engine import Engine
from tenuto.ports.files import Files
from tenuto.ports.journal import Commits
from tenuto.ports.labels import Labels
from tenuto.ports.load import Loaded
from tenuto.ports.logs import Logs
from tenuto.ports.models import Models
from tenuto.ports.names import Names
from tenuto.ports.quotas import Quotas
from tenuto.ports.secrets import Secrets
from tenuto.ports.store import Store
from tenuto.sdk.definition import NodeDefinition
from tenuto.service.agent_shelf import AgentShelf
from tenuto.service.archive import Archive
from tenuto.service.courier import Courier
from tenuto.service.gate import Gate
from tenuto.service.health import Health
from tenuto.service.http_counts import HttpCounts
from tenuto.service.identity import Identity
from tenuto.service.limits import Turnstile
from tenuto.service.live import LiveRuns
from tenuto.service.run_figures import RunFigures
from tenuto.service.runs import Deleter
from tenuto.service.shelf import Shelf
from tenuto.service.subscriptions import Subscriptions
from tenuto.service.telemetry import Telemetry
from tenuto.service.tools.toolbox import Toolbox
from tenuto.service.triggers import Triggers
from tenuto.service.variables import StoredVariables
from tenuto.service.vault import Vault

if TYPE_CHECKING:
    from tenuto.service.spans import Spans


@dataclass(slots=True, kw_only=True)
class Platform:
    """`clock`: seconds since the epoch, UTC. `registry`: the node library by type."""

    engine: Engine
    archive: Archive
    journal: Deleter
    registry: Mapping[str, NodeDefinition]
    clock: Callable[[], float]
    store: Store
    flows: Shelf  # its `published` is also the engine's source of flows
    agents: AgentShelf  # its `source` is also the house's
    models: Models
    tools: Toolbox
    triggers: Triggers  # listens to `flows`
    bus: Bus
    secrets: Secrets  # as nodes are given them
    vault: Vault  # where they are kept
    variables: StoredVariables
    turnstile: Turnstile
    files: Files
    labels: Labels
    quotas: Quotas
    busy: Loaded  # says how busy the engine is
    logs: Logs
    names: Names
    live: LiveRuns  # what is kept in memory of runs
    identity: Identity
    subscriptions: Subscriptions  # which webhooks want what happens
    courier: Courier  # brings it to them
    outbox: asyncio.Event = field(default_factory=asyncio.Event)  # set: there is something to be told
    http_counts: HttpCounts = field(default_factory=HttpCounts)
    figures: RunFigures = field(default_factory=RunFigures)
    telemetry: Telemetry = field(default_factory=Telemetry)
    health: Health = field(default_factory=Health)
    commits: Commits = field(default_factory=Commits)
    spans: "Spans | None" = None  # where traces are wanted

    @property
    def gate(self) -> Gate:
        return self.identity.gate
