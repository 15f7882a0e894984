"""What a service asks of a host, whichever drives the runs."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from tenuto.core.events import Fact
from tenuto.core.flow import Flow

Json = object


@dataclass(slots=True)
class StartRequest:
    """Everything a new run is given. `origin`: how it came of another run (see `events.RunStarted.origin`)."""

    flow: Flow
    input: Json = None
    name: str | None = None
    run: str | None = None  # its id, where the caller derives it; starting it twice is harmless
    new: bool = False  # nobody else can know this id, so nobody needs to look whether there is such a run
    stage: str = "dev"
    tenant: str = "default"
    trigger: Mapping[str, Json] | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    parent: str | None = None
    depth: int = 0
    origin: Mapping[str, Json] | None = None


@dataclass(slots=True)
class Live:
    """One thing seen of a run as it happens. `fact`: recorded, with its seq. The others are not journalled:
    `running` (a node's attempt began), `delta` (streamed output), `log`, and `status` (of the whole run)."""

    run: str
    kind: Literal["fact", "running", "delta", "log", "status"]
    path: str = ""
    seq: int = 0
    fact: Fact | None = None
    data: Json = None


@dataclass(slots=True)
class Outcome:
    id: str
    name: str
    status: str
    output: Json = None
    error: Mapping[str, Json] | None = None


class Refused(Exception):
    """The request cannot be carried out: `code` for programs (`not_found`, `ended`, `answered`, `invalid`, `full`), the message for people."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint


class Engine(Protocol):
    async def start(self, request: StartRequest) -> str:
        """Start a run; its id, once `run.started` (or `run.queued`) is durable."""
        ...

    async def signal(
        self, run: str, name: str, payload: Json, *, by: str | None = None, key: str | None = None
    ) -> None:
        """Durable when this returns. Refused if the run has ended, the approval was answered, or the form does not fit."""
        ...

    async def cancel(self, run: str, *, by: str | None = None, reason: str | None = None) -> None: ...

    def watch(self, run: str, after: int = 0) -> AsyncIterator[Live]:
        """What was recorded after `after`, then what happens, until the run has ended."""
        ...

    async def outcome(self, run: str, *, until: frozenset[str] = frozenset()) -> Outcome:
        """Wait until the run has ended, or has reached one of the statuses `until`."""
        ...
