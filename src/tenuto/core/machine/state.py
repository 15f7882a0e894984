"""The mutable state of one run: what its facts so far amount to. Only the fold (`evolve`) and its helpers write it.

A run is a tree of scopes. A scope is one instance of a body (the flow itself, its `finally`, an item of a map, a turn
of a loop) and holds the state of that body's nodes; a container node holds the scopes that are open below it.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from tenuto.core.commands import CancelNode, Command, Finish, RunNode, SetTimer, StartChild
from tenuto.core.durations import format_timestamp
from tenuto.core.events import RunQueued
from tenuto.core.flow.model import Body, Flow, Node
from tenuto.core.machine.table import NODE, SETTLED
from tenuto.core.values import NOTHING

Json = Any  # a JSON value; its shape is the flow's business, not the machine's
Error = dict[str, Json]
Ending = Literal["finish", "failed", "cancelled"]

RUN_TIMER: Final = "run"
FINALLY_TIMER: Final = "run.finally"


@dataclass(slots=True, frozen=True)
class About:
    """What a run was given from outside; stands in its `run.started`."""

    run: str
    name: str
    input: Json = None
    vars: Mapping[str, Json] = field(default_factory=dict[str, Json])
    trigger: Mapping[str, Json] | None = None
    tenant: str = "default"
    stage: str = "dev"
    parent: str | None = None
    depth: int = 0
    origin: Mapping[str, Json] | None = None
    key_base: str = ""

    def names(self, started_at: float) -> dict[str, Json]:
        """What expressions see of it, everywhere in the run."""
        run = {
            "id": self.run,
            "name": self.name,
            "tenant": self.tenant,
            "stage": self.stage,
            "started_at": format_timestamp(started_at),
        }
        return {"input": self.input, "run": run, "vars": self.vars, "trigger": self.trigger}


def about_of(fact: RunQueued) -> About:
    """What a run was given, read back from its `run.queued` or `run.started`."""
    return About(
        run=fact.run,
        name=fact.name,
        input=fact.input,
        vars=fact.vars,
        trigger=fact.trigger,
        tenant=fact.tenant,
        stage=fact.stage,
        parent=fact.parent,
        depth=fact.depth,
        origin=fact.origin,
        key_base=fact.key_base,
    )


@dataclass(slots=True, frozen=True)
class Result:
    """What another run recorded of one node."""

    definition: str
    input: Json
    port: str
    output: Json


@dataclass(slots=True, frozen=True)
class Origin:
    """The run that this one was made of, as far as it can be reused."""

    run: str
    results: Mapping[str, Result]
    steps: Mapping[str, Mapping[str, tuple[str, Json]]]
    redo: frozenset[tuple[str, str]] = frozenset()  # (prefix of the scope, node id): these and what is inside run anew
    edits: Mapping[str, Json] = field(default_factory=dict[str, Json])


class Verdict:
    """What `decide` is to record of a node, worked out by the fold; kept until the fact that says it."""

    __slots__ = ("data", "kind")

    def __init__(self, kind: str, data: Json = None) -> None:
        self.kind = kind
        self.data = data


class NodeState:
    """One node of one scope."""

    __slots__ = (
        "attempt",
        "awaits",
        "doubt",
        "error",
        "inner",
        "input",
        "met",
        "node",
        "once_steps",
        "open_any",
        "open_step",
        "output",
        "path",
        "port",
        "scope",
        "started",
        "status",
        "steps",
        "unmet",
        "verdict",
        "wake",
    )

    def __init__(self, node: Node, scope: "Scope") -> None:
        self.node = node
        self.scope = scope
        self.path: str = scope.prefix + node.id
        self.status = "pending"
        self.unmet = len(node.needs)
        self.met: set[int] | None = None  # needs of kind `any` that hold already
        self.open_any: dict[int, int] | None = None  # need → how many of its entries may still hold
        self.port: str | None = None
        self.output: Json = NOTHING
        self.error: Error | None = None
        self.attempt = 1
        self.wake = 0
        self.input: dict[str, Json] | None = None
        self.steps: dict[str, tuple[str, Json]] | None = None
        self.once_steps: set[str] | None = None
        self.open_step: str | None = None  # a `once` step that was started and not recorded
        self.started = False  # this attempt of a `once` node
        self.awaits: dict[str, Json] | None = None  # while suspended, or waiting for a signal
        self.doubt: str | None = None  # while unknown: the step in doubt, "" for the node itself
        self.inner: Container | None = None
        self.verdict: Verdict | None = None

    @property
    def settled(self) -> bool:
        return self.status in SETTLED or (self.status == "unknown" and self.scope.ending is not None)

    def move(self, cause: str) -> None:
        self.status = NODE[self.status][cause]


class Container:
    """What a map or a loop keeps while it is open."""

    __slots__ = ("done", "errors", "items", "limit", "next", "results", "scopes", "stopping", "value")

    def __init__(self, items: list[Json] | None, value: Json, limit: int) -> None:
        self.items = items  # map only
        self.value = value  # loop: the last turn's output, at first `carry`
        self.limit = limit
        self.results: list[Json] = [None] * len(items or ())
        self.errors: list[Error] = []
        self.next = 0  # index of the next item or turn to open
        self.done = 0
        self.scopes: dict[int, Scope] = {}
        self.stopping: Error | Literal["cancelled"] | None = None


class Scope:
    """One instance of a body. `ending` says why it takes no new work; `live` counts the nodes that have not settled."""

    __slots__ = (
        "body",
        "ending",
        "error",
        "index",
        "kind",
        "live",
        "locals",
        "nodes",
        "output",
        "owner",
        "parent",
        "prefix",
    )

    def __init__(
        self,
        kind: Literal["run", "finally", "item", "turn"],
        body: Body,
        *,
        parent: "Scope | None" = None,
        owner: NodeState | None = None,
        index: int = 0,
        names: dict[str, Json] | None = None,
    ) -> None:
        self.kind = kind
        self.body = body
        self.parent = parent
        self.owner = owner
        self.index = index
        self.prefix = f"{owner.path}[{index}]." if owner else ""
        self.locals: dict[str, Json] = names or {}
        self.ending: Ending | None = None
        self.output: Json = NOTHING
        self.error: Error | None = None
        self.live = len(body.nodes)
        self.nodes: dict[str, NodeState] = {}

    @property
    def is_final(self) -> bool:
        """Whether it is the `finally` or an item or turn in it."""
        return self.kind == "finally" or (self.owner is not None and self.owner.scope.is_final)


class State:
    """Everything that the facts of a run amount to."""

    __slots__ = (
        "about",
        "agenda",
        "at",
        "cancel_requested",
        "ended",
        "finally_",
        "flow",
        "held",
        "limit",
        "names",
        "nodes",
        "origin",
        "outbox",
        "outcome",
        "over",
        "over_recorded",
        "paused",
        "phase",
        "resumes",
        "retrying",
        "ripe",
        "root",
        "seq",
        "signal_counts",
        "signal_keys",
        "signals",
        "started_at",
        "timers",
        "todo",
        "usage",
        "waiters",
    )

    def __init__(self, flow: Flow, about: About, origin: Origin | None = None) -> None:
        self.flow = flow
        self.about = about
        self.origin = origin
        self.seq = 0
        self.at = 0.0  # of the newest fact
        self.phase: Literal["new", "queued", "open", "ended"] = "new"
        self.started_at: float | None = None
        self.names: dict[str, Json] = {}  # input, run, vars, trigger: seen everywhere
        self.root: Scope = Scope("run", flow.body)
        self.finally_: Scope | None = None
        self.outcome: tuple[str, Json, Error | None] | None = None  # (status, output, error), known before `finally`
        self.ended: str | None = None  # the terminal status
        self.nodes: dict[str, NodeState] = {}  # by path: every node of an open scope
        self.todo: dict[str, RunNode | StartChild | CancelNode | Finish] = {}
        self.timers: dict[str, SetTimer] = {}
        self.outbox: list[Command] = []
        self.ripe: deque[NodeState] = deque()  # needs hold; the fold looks at them before it returns
        self.agenda: deque[NodeState | Scope | str] = deque()  # something is to be recorded of these
        self.retrying = 0
        self.signals: dict[str, deque[Json]] = {}  # kept: (seq, payload, by, at), oldest first
        self.signal_counts: dict[str, int] = {}
        self.signal_keys: set[str] = set()
        self.waiters: dict[str, deque[NodeState]] = {}
        self.usage: dict[str, float] = {}
        self.limit: dict[str, float] = _limits(flow)
        self.over = False
        self.over_recorded = False
        self.paused = False
        self.held: list[NodeState] = []  # would start, but for the budget or the pause
        self.cancel_requested = False
        self.resumes = 0

    @property
    def status(self) -> str:
        if self.ended is not None:
            return self.ended
        if self.phase in ("new", "queued"):
            return "queued"
        if self.todo or self.agenda:
            return "running"
        return "running" if self.retrying and not self.paused else "waiting"

    @property
    def scopes(self) -> Iterator[Scope]:
        """Every open scope, outermost first."""
        pending: deque[Scope] = deque([self.root, self.finally_] if self.finally_ else [self.root])
        while pending:
            scope = pending.popleft()
            yield scope
            for ns in scope.nodes.values():
                if ns.inner is not None:
                    pending.extend(ns.inner.scopes.values())

    def put(self, path: str, command: RunNode | StartChild | CancelNode | Finish) -> None:
        self.todo[path] = command
        self.outbox.append(command)

    def set_timer(self, path: str, due: float) -> None:
        command = SetTimer(path, due)
        self.timers[path] = command
        self.outbox.append(command)

    def judge(self, ns: NodeState, kind: str, data: Json = None) -> None:
        """Leave it to `decide` to record this of the node."""
        ns.verdict = Verdict(kind, data)
        self.agenda.append(ns)

    def still(self, commands: Iterable[Command]) -> list[Command]:
        """Those that no later fact has answered or replaced."""
        return [
            c for c in commands if (self.timers.get(c.path) if type(c) is SetTimer else self.todo.get(_key(c))) is c
        ]


def _key(command: Command) -> str:
    return "" if isinstance(command, Finish) else command.path


def _limits(flow: Flow) -> dict[str, float]:
    budget = flow.budget
    if budget is None:
        return {}
    return {k: float(v) for k, v in (("usd", budget.usd), ("tokens", budget.tokens)) if v is not None}
