"""The facts of a run, as its journal keeps them. All there are; the fold of them is the run.

A fact carries the time at which the host saw it (`at`, seconds since the epoch, UTC); the heart never asks for one.
Its number in the run (`seq`, gapless from 1) is its place in the journal, not a field. Fields are only ever added
with a default, and an older program refuses fields that it does not know.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, get_args

# Meaning is versioned: a changed rule gets a new number, and the old code stays until no run needs it.
SEMANTICS = 1

Json = Any


@dataclass(slots=True)
class RunQueued:
    """Accepted, waiting for admission (`concurrency`). Carries what `run.started` will say again."""

    type: ClassVar[str] = "run.queued"
    at: float
    run: str
    name: str
    flow: str
    document: str  # hash
    input: Json
    vars: dict[str, Json] = field(default_factory=dict[str, Json])
    trigger: dict[str, Json] | None = None
    tenant: str = "default"
    stage: str = "dev"
    parent: str | None = None
    depth: int = 0
    # How the run came of another: {"run", "kind": "retry"|"fork", "redo": path|None, "before": seq|None, "edits": {…}}
    origin: dict[str, Json] | None = None
    key_base: str = ""  # idempotency keys are `<key_base>/<path>`: a retry keeps its origin's
    semantics: int = SEMANTICS


@dataclass(slots=True)
class RunStarted(RunQueued):
    """The run exists: everything that was given to it from outside."""

    type: ClassVar[str] = "run.started"


@dataclass(slots=True)
class RunResumed:
    """A new owner of the data directory took the run over while work was in flight. `clean`: the old one left in order."""

    type: ClassVar[str] = "run.resumed"
    at: float
    epoch: int
    clean: bool = False


@dataclass(slots=True)
class NodeStarted:
    """Only of `once` nodes: durable before they run."""

    type: ClassVar[str] = "node.started"
    at: float
    path: str
    attempt: int
    input: Json = None


@dataclass(slots=True)
class StepStarted:
    """Only of `once` steps: durable before the call is made."""

    type: ClassVar[str] = "step.started"
    at: float
    path: str
    key: str
    input_hash: str


@dataclass(slots=True)
class StepRecorded:
    """`signal` is the seq of the signal that this step consumed, where it is the answer to a suspension."""

    type: ClassVar[str] = "step.recorded"
    at: float
    path: str
    key: str
    input_hash: str
    output: Json
    usage: dict[str, float] | None = None
    signal: int | None = None
    started_at: float | None = None


@dataclass(slots=True)
class StepsDropped:
    """The step `key` met another input than it was recorded with: it and all later steps of the node are gone."""

    type: ClassVar[str] = "steps.dropped"
    at: float
    path: str
    key: str


@dataclass(slots=True)
class NodeSucceeded:
    """`signal`: the seq of the signal that a wait or an approval consumed."""

    type: ClassVar[str] = "node.succeeded"
    at: float
    path: str
    port: str
    output: Json
    attempt: int = 1
    started_at: float | None = None
    input: Json = None
    usage: dict[str, float] | None = None
    signal: int | None = None


@dataclass(slots=True)
class NodeFailed:
    """The last word on a node that failed. `error`: {type, message, node, attempts}."""

    type: ClassVar[str] = "node.failed"
    at: float
    path: str
    error: dict[str, Json]
    attempt: int = 1
    started_at: float | None = None
    input: Json = None
    usage: dict[str, float] | None = None


@dataclass(slots=True)
class NodeRetrying:
    """`attempt` failed with `error`; the next one is due at `due`. `fresh`: the recorded steps are dropped."""

    type: ClassVar[str] = "node.retrying"
    at: float
    path: str
    attempt: int
    due: float
    error: dict[str, Json]
    started_at: float | None = None
    input: Json = None
    usage: dict[str, float] | None = None
    fresh: bool = False


@dataclass(slots=True)
class NodeSuspended:
    """The node ended its turn and waits. `awaits`: {key, signal, due?, ask?}: it runs again when the signal is there.

    Where it waits for several things at once, `also` in it lists the others; it runs again with each.
    """

    type: ClassVar[str] = "node.suspended"
    at: float
    path: str
    attempt: int
    awaits: dict[str, Json]
    input: Json = None


@dataclass(slots=True)
class NodeUnknown:
    """Nobody knows whether the effect happened; a person decides. `step`: the step in doubt, where it is one."""

    type: ClassVar[str] = "node.unknown"
    at: float
    path: str
    attempt: int
    step: str | None = None
    reason: str = ""


@dataclass(slots=True)
class NodeSkipped:
    type: ClassVar[str] = "node.skipped"
    at: float
    path: str


@dataclass(slots=True)
class NodeReused:
    """A result taken over from another run (`from_`: its id, or "edit"), with the same definition and input."""

    type: ClassVar[str] = "node.reused"
    at: float
    path: str
    from_: str
    port: str
    output: Json
    input: Json = None


@dataclass(slots=True)
class ItemDone:
    """An item of a map or a turn of a loop has ended (`path` is the container's); its inner nodes can leave memory."""

    type: ClassVar[str] = "item.done"
    at: float
    path: str
    index: int
    output: Json = None
    error: dict[str, Json] | None = None


@dataclass(slots=True)
class SignalReceived:
    type: ClassVar[str] = "signal.received"
    at: float
    name: str
    payload: Json
    by: str | None = None
    key: str | None = None  # the sender's Idempotency-Key


@dataclass(slots=True)
class TimerSet:
    """`path` is a node's, `run` for the run's own timeout, `run.finally` for the grace of its `finally`."""

    type: ClassVar[str] = "timer.set"
    at: float
    path: str
    due: float


@dataclass(slots=True)
class TimerFired:
    type: ClassVar[str] = "timer.fired"
    at: float
    path: str


@dataclass(slots=True)
class ChildStarted:
    type: ClassVar[str] = "child.started"
    at: float
    path: str
    run: str
    version: str
    attempt: int = 1


@dataclass(slots=True)
class ChildFinished:
    """What became of a child run; its node settles (or is retried) by a fact of its own."""

    type: ClassVar[str] = "child.finished"
    at: float
    path: str
    run: str
    status: str
    output: Json = None
    error: dict[str, Json] | None = None
    usage: dict[str, float] | None = None


@dataclass(slots=True)
class BudgetExceeded:
    type: ClassVar[str] = "budget.exceeded"
    at: float
    usage: dict[str, float]
    limit: dict[str, float]


@dataclass(slots=True)
class CancelRequested:
    type: ClassVar[str] = "cancel.requested"
    at: float
    by: str | None = None
    reason: str | None = None


@dataclass(slots=True)
class RunSucceeded:
    type: ClassVar[str] = "run.succeeded"
    at: float
    output: Json


@dataclass(slots=True)
class RunFailed:
    type: ClassVar[str] = "run.failed"
    at: float
    error: dict[str, Json]


@dataclass(slots=True)
class RunCancelled:
    type: ClassVar[str] = "run.cancelled"
    at: float
    error: dict[str, Json]


Fact = (
    RunQueued
    | RunStarted
    | RunResumed
    | NodeStarted
    | StepStarted
    | StepRecorded
    | StepsDropped
    | NodeSucceeded
    | NodeFailed
    | NodeRetrying
    | NodeSuspended
    | NodeUnknown
    | NodeSkipped
    | NodeReused
    | ItemDone
    | SignalReceived
    | TimerSet
    | TimerFired
    | ChildStarted
    | ChildFinished
    | BudgetExceeded
    | CancelRequested
    | RunSucceeded
    | RunFailed
    | RunCancelled
)

FACTS: dict[str, type[Fact]] = {kind.type: kind for kind in get_args(Fact)}

TERMINAL = frozenset({"run.succeeded", "run.failed", "run.cancelled"})
