"""What the use cases of a server work with: built once by `bootstrap`, handed to every skin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tenuto.ports.engine import Engine
from tenuto.ports.secrets import Secrets
from tenuto.ports.store import Store
from tenuto.sdk.definition import NodeDefinition
from tenuto.service.archive import Archive
from tenuto.service.gate import Gate, closed
from tenuto.service.http_counts import HttpCounts
from tenuto.service.limits import Turnstile
from tenuto.service.runs import Deleter
from tenuto.service.shelf import Shelf
from tenuto.service.triggers import Triggers


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
    triggers: Triggers  # listens to `flows`
    secrets: Secrets  # as nodes are given them
    turnstile: Turnstile
    gate: Gate = field(default_factory=closed)
    http_counts: HttpCounts = field(default_factory=HttpCounts)
