"""What may be tuned in a local host. Plain values: where they come from is the settings' business."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

# Seconds since the epoch, UTC.
Clock = Callable[[], float]


@dataclass(slots=True, frozen=True)
class PoolLimit:
    """How many nodes of a named pool run at once, and how many may begin in a second. None: no limit."""

    concurrency: int | None = None
    rate: float | None = None


@dataclass(slots=True, frozen=True)
class Options:
    """Times are in seconds, sizes in bytes."""

    drive: bool = True  # False: what is said is recorded, and no node runs
    grace: float = 30.0  # how long a function that was told to stop may take
    shutdown: float = 5.0  # how long running nodes may go on when the host closes
    threads: int = 16  # for plain `def` nodes
    max_value: int = 10_000_000
    resident: int = 1_000  # idle runs kept in memory
    idle: float = 60.0  # after this, an idle run leaves memory
    log_lines: int = 1_000  # a run
    retention: float | None = None  # ended runs older than this are deleted
    storage_retry: float = 0.5  # first pause when the disk is full; doubles up to ten times this
    watch_queue: int = 1_000  # how far a watcher may lag before it is sent back to the journal
    runs: int | None = None  # at work at once, over all tenants; more are queued
    tenant_runs: int | None = None  # at work at once of one tenant
    tenant_queue: int | None = None  # queued of one tenant; more are refused
    pools: Mapping[str, PoolLimit] = field(default_factory=dict[str, PoolLimit])
