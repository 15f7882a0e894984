"""What every run of a host shares: the ports it was given, and the helpers that are one for all runs."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from tenuto.hosts.local.files import FileStore
from tenuto.hosts.local.hub import Hub
from tenuto.hosts.local.logs import Logs
from tenuto.hosts.local.options import Clock, Options
from tenuto.hosts.local.pools import Pools
from tenuto.hosts.local.runners import Runners
from tenuto.hosts.local.threads import Threads
from tenuto.hosts.local.timers import Timers
from tenuto.ports.agent_house import AgentHouse
from tenuto.ports.blobs import Blobs
from tenuto.ports.flows import FlowSource
from tenuto.ports.journal import Journal
from tenuto.ports.secrets import Secrets
from tenuto.ports.variables import Variables
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.http import HttpClient


async def at_once() -> None:
    """A journal on the disk is never away."""


@dataclass(slots=True, kw_only=True)
class Services:
    journal: Journal
    blobs: Blobs
    registry: Mapping[str, NodeDefinition]
    flows: FlowSource
    secrets: Secrets
    variables: Variables
    http: HttpClient
    options: Options
    clock: Clock
    files: FileStore
    logs: Logs
    timers: Timers
    pools: Pools
    threads: Threads
    agents: AgentHouse | None = None
    reachable: Callable[[], Awaitable[None]] = at_once  # raises if the journal has been away for a while
    runners: Runners = field(default_factory=Runners)
    hub: Hub = field(default_factory=Hub)
    dice: random.Random = field(default_factory=random.Random)
    closing: bool = False
