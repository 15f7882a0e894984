"""A flow that has been read and checked, in the form that the machine walks.

Built only by `read`; never changed afterwards; holds no state of any run. Everything that can be known before a run
starts (what waits for what, who handles which failure) is worked out here once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tenuto.core.expressions import Value

# Ports that a plain `after: [x]` or a reference to `x` does not mean.
UNHAPPY_PORTS = frozenset({"rejected", "timeout", "error"})

STRUCTURE = frozenset({"set", "if", "switch", "map", "loop", "wait", "approval", "call", "finish", "fail"})


@dataclass(slots=True, frozen=True)
class Entry:
    """One thing that a node waits for: `ports` None means any port but the unhappy ones."""

    node: str
    ports: frozenset[str] | None = None

    def holds(self, port: str | None) -> bool:
        """Whether a node that settled with this port (None: skipped, cancelled, failed unheard) satisfies the entry."""
        if port is None:
            return False
        return port not in UNHAPPY_PORTS if self.ports is None else port in self.ports


@dataclass(slots=True, frozen=True)
class Need:
    """`single`: its one entry must hold. `any`: one of them must. `settled`: its one node must have settled, however."""

    kind: Literal["single", "any", "settled"]
    entries: tuple[Entry, ...]


@dataclass(slots=True, frozen=True)
class Retry:
    attempts: int = 1
    delay: float = 1.0
    backoff: float = 2.0
    max_delay: float = 60.0
    on: frozenset[str] = frozenset()


@dataclass(slots=True, frozen=True)
class Node:
    """One node of a flow. `definition` is the hash of what it says, by which a fork knows it unchanged."""

    id: str
    use: str
    definition: str
    needs: tuple[Need, ...] = ()
    handled: bool = False  # some sibling waits for the port `error`
    on_error: Literal["fail", "continue", "collect"] = "fail"
    when: Value | None = None
    with_: Mapping[str, Value] = field(default_factory=dict[str, Value])
    timeout: Value | None = None
    retry: Retry = Retry()
    pool: str | None = None
    # Containers only (map, loop):
    body: "Body | None" = None
    over: Value | None = None
    item_name: str = "item"
    concurrency: Value | None = None
    max_items: int = 10_000
    carry: Value | None = None
    until: Value | None = None
    max_turns: int = 0
    # `switch` only: the names of its cases, and what they ask where `cases` is a map (the first that is true wins).
    cases: tuple[str, ...] = ()
    conditions: tuple[tuple[str, Value], ...] = ()

    @property
    def is_library(self) -> bool:
        return self.use not in STRUCTURE


@dataclass(slots=True, frozen=True)
class Body:
    """Nodes that end together, with one output: a flow, an item of a map, a turn of a loop, a `finally`."""

    nodes: Mapping[str, Node]  # in the order of the document
    output: Value | None = None
    # For each node, who has a need that mentions it: (dependent's id, index of the need).
    dependents: Mapping[str, tuple[tuple[str, int], ...]] = field(
        default_factory=dict[str, tuple[tuple[str, int], ...]]
    )


@dataclass(slots=True, frozen=True)
class Concurrency:
    limit: int
    key: Value | None = None
    when_full: Literal["queue", "reject", "cancel_oldest"] = "queue"


@dataclass(slots=True, frozen=True)
class Budget:
    usd: float | None = None
    tokens: int | None = None


@dataclass(slots=True, frozen=True)
class Flow:
    name: str
    hash: str
    document: Mapping[str, object]  # canonical
    body: Body
    description: str = ""
    input_schema: Mapping[str, object] | None = None  # None: the flow accepts no input
    finally_: Body | None = None
    finally_timeout: float = 300.0
    timeout: Value | None = None
    concurrency: Concurrency | None = None
    budget: Budget | None = None
    triggers: tuple[Mapping[str, object], ...] = ()
    vars: frozenset[str] = frozenset()  # the variables that its expressions name
    secrets: frozenset[str] = frozenset()
    size: int = 0  # characters of the canonical document
