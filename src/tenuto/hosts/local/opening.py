"""A local host put together from its ports. What is given here is a seam; everything else is this host's own."""

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from tenuto.hosts.local.files import FileStore
from tenuto.hosts.local.history import History
from tenuto.hosts.local.host import LocalHost
from tenuto.hosts.local.logs import Logs
from tenuto.hosts.local.options import Clock, Options
from tenuto.hosts.local.pools import Pools
from tenuto.hosts.local.secrets import EnvironmentSecrets
from tenuto.hosts.local.services import Services, at_once
from tenuto.hosts.local.threads import Threads
from tenuto.hosts.local.timers import Timers
from tenuto.hosts.local.variables import FixedVariables
from tenuto.ports.agent_house import AgentHouse
from tenuto.ports.blobs import Blobs
from tenuto.ports.flows import FlowSource
from tenuto.ports.journal import Journal
from tenuto.ports.secrets import Secrets
from tenuto.ports.variables import Variables
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.http import HttpClient


def make_host(
    journal: Journal,
    blobs: Blobs,
    registry: Mapping[str, NodeDefinition],
    flows: FlowSource,
    *,
    epoch: int = 1,
    clean: bool = True,
    secrets: Secrets | None = None,
    variables: Variables | None = None,
    http: HttpClient | None = None,
    agents: AgentHouse | None = None,
    options: Options | None = None,
    clock: Clock = time.time,
    seed: int | None = None,
    files_key: bytes = b"",
    logs: Path | None = None,
    reachable: Callable[[], Awaitable[None]] = at_once,
) -> LocalHost:
    """`files_key`: seals the ids of files; the same for as long as the journal lives. `logs`: a folder, or memory."""
    options = options or Options()
    host: LocalHost

    def fire(run: str, path: str) -> None:
        host.timer_fired(run, path)

    services = Services(
        journal=journal,
        blobs=blobs,
        registry=registry,
        flows=flows,
        secrets=secrets or EnvironmentSecrets(),
        variables=variables or FixedVariables(_none),
        http=http or HttpClient(),
        agents=agents,
        options=options,
        clock=clock,
        files=FileStore(blobs, files_key, clock),
        logs=Logs(logs, options.log_lines),
        timers=Timers(clock, fire),
        pools=Pools(options.pools),
        threads=Threads(options.threads),
        reachable=reachable,
        dice=random.Random(seed),  # noqa: S311  it only spreads retries
    )
    host = LocalHost(services, History(journal, blobs), epoch=epoch, clean=clean)
    if agents is not None:
        agents.attend(host)
    return host


def _none(stage: str) -> dict[str, Any]:
    del stage
    return {}
