"""What a host is asked to do. A command is outstanding until a fact answers it; after a crash it is simply due again.

A host carries a command out only when the facts that caused it are durable.
"""

from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(slots=True)
class RunNode:
    """Run a library node. `input` may hold `Secret` and `SecretText`, which the host fills in last.

    `steps`: what the node recorded so far, key → (input hash, output). `wake` counts how often it was resumed from a
    suspension, so that (path, attempt, wake) names one execution. `started`: its `node.started` is already durable.
    """

    path: str
    use: str
    input: dict[str, Json]
    attempt: int
    key: str  # the idempotency key
    wake: int = 0
    timeout: float | None = None
    pool: str | None = None
    started: bool = False
    steps: dict[str, tuple[str, Json]] = field(default_factory=dict[str, tuple[str, Json]])


@dataclass(slots=True)
class SetTimer:
    """Say `TimerDue(path)` when `due` has come, never before."""

    path: str
    due: float


@dataclass(slots=True)
class StartChild:
    """Start the run `run` of `flow` (harmless if it exists) and say `ChildBegun`; later `ChildEnded`."""

    path: str
    run: str
    flow: str
    version: str | None
    input: Json
    attempt: int
    depth: int


@dataclass(slots=True)
class CancelNode:
    """Stop what runs at `path` (`run`: the child's id, where it is a child) and answer with its outcome, or `Failed(kind="cancelled")`, within the grace."""

    path: str
    attempt: int
    run: str | None = None


@dataclass(slots=True)
class Finish:
    """The run has ended; its state can leave memory."""

    status: str
    output: Json
    error: dict[str, Json] | None


Command = RunNode | SetTimer | StartChild | CancelNode | Finish
