"""What a host tells the heart: the words of `decide`. Each carries the time at which the host saw it (`at`).

An input that no longer applies (a late result, a second answer, a timer of a node that settled) gives no facts.
"""

from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(slots=True)
class Queue:
    """Keep the run waiting for admission."""

    at: float


@dataclass(slots=True)
class Start:
    """Begin. Who the run is and what it was given stands in `State.about`."""

    at: float


@dataclass(slots=True)
class Resume:
    """First word of a host that took the run over from a journal, after the replay. `clean`: the last owner stopped in order."""

    at: float
    epoch: int
    clean: bool = False


@dataclass(slots=True)
class Wake:
    """The run came back into the memory of the same owner: whatever a torn append left undecided is decided again."""

    at: float


@dataclass(slots=True)
class Starting:
    """A `once` node is about to run: its `node.started` must be durable first."""

    at: float
    path: str
    attempt: int


@dataclass(slots=True)
class Succeeded:
    at: float
    path: str
    attempt: int
    output: Json
    port: str = "done"
    started_at: float | None = None
    usage: dict[str, float] | None = None


@dataclass(slots=True)
class Failed:
    """`retry`: whether another attempt may help. `jitter` in [0, 1) is the host's die. `kind` "cancelled" answers a `CancelNode`."""

    at: float
    path: str
    attempt: int
    kind: str
    message: str
    retry: bool = True
    retry_after: float | None = None
    fresh: bool = False
    jitter: float = 0.0
    started_at: float | None = None
    usage: dict[str, float] | None = None


@dataclass(slots=True)
class Doubt:
    """A `once` node was stopped (timeout, cancel) and nobody knows whether its effect happened."""

    at: float
    path: str
    attempt: int
    reason: str
    step: str | None = None


@dataclass(slots=True)
class Suspended:
    """The function ended its turn. `awaits`: {key, signal, seconds?, ask?}, and the like in its `also`."""

    at: float
    path: str
    attempt: int
    awaits: dict[str, Json] = field(default_factory=dict[str, Json])


@dataclass(slots=True)
class StepStarting:
    at: float
    path: str
    attempt: int
    key: str
    input_hash: str


@dataclass(slots=True)
class StepDone:
    at: float
    path: str
    attempt: int
    key: str
    input_hash: str
    output: Json
    usage: dict[str, float] | None = None
    started_at: float | None = None


@dataclass(slots=True)
class StepMismatch:
    """A recorded step was asked with another input than it was recorded with."""

    at: float
    path: str
    attempt: int
    key: str


@dataclass(slots=True)
class Signal:
    """From outside. Its name is free, or the path of an approval, of an unknown node, or `budget`."""

    at: float
    name: str
    payload: Json = None
    by: str | None = None
    key: str | None = None


@dataclass(slots=True)
class TimerDue:
    at: float
    path: str


@dataclass(slots=True)
class ChildBegun:
    at: float
    path: str
    run: str
    version: str


@dataclass(slots=True)
class ChildEnded:
    at: float
    path: str
    run: str
    status: str
    output: Json = None
    error: dict[str, Json] | None = None
    usage: dict[str, float] | None = None
    jitter: float = 0.0


@dataclass(slots=True)
class Cancel:
    at: float
    by: str | None = None
    reason: str | None = None


Input = (
    Queue
    | Start
    | Resume
    | Wake
    | Starting
    | Succeeded
    | Failed
    | Doubt
    | Suspended
    | StepStarting
    | StepDone
    | StepMismatch
    | Signal
    | TimerDue
    | ChildBegun
    | ChildEnded
    | Cancel
)
