"""The tree of nodes that the reference evaluator keeps: records of nodes, and the scopes that they stand in."""

from dataclasses import dataclass, field

from tenuto.core.flow.model import Body, Node
from tenuto.core.values import NOTHING

Json = object

SETTLED = frozenset({"succeeded", "reused", "failed", "skipped", "cancelled"})


@dataclass
class View:
    """What an expression may ask of a node besides its value."""

    port: str | None
    error: dict[str, Json] | None


@dataclass
class Rec:
    """One node in one scope, and all that is known of it."""

    path: str
    node: Node
    scope: "Scope"
    status: str = "pending"
    port: str | None = None
    output: Json = NOTHING
    error: dict[str, Json] | None = None
    attempt: int = 1
    wake: int = 0
    started: bool = False  # a `once` node whose start is recorded
    cancelling: bool = False
    timed_out: bool = False  # a child that took too long
    held: bool = False  # it would run, were it not for the budget
    open_step: str | None = None  # a `once` step that was started and not recorded
    answer: str = ""  # the step that a suspension waits for
    steps: list[str] = field(default_factory=list)
    once_steps: set[str] = field(default_factory=set)
    word: int = 0  # the word in which it was launched or began to wait
    seen: "tuple[dict[str, Json], dict[str, View]] | None" = None  # frozen when it becomes ready
    bound: dict[str, Json] = field(default_factory=dict)
    awaits: str | None = None  # the signal it waits for
    timer: bool = False
    items: "list[Scope]" = field(default_factory=list)
    over: list[Json] = field(default_factory=list)
    concurrency: int = 1
    carried: Json = None
    failing: dict[str, Json] | None = None  # a map whose siblings of the failed item are still to end

    @property
    def settled(self) -> bool:
        return self.status in SETTLED

    def succeed(self, port: str, output: Json) -> None:
        self.status, self.port, self.output = "succeeded", port, output

    def launch(self, word: int) -> None:
        """It runs, as if for the first time."""
        self.status, self.word = "running", word
        self.timer = self.started = self.timed_out = False
        self.awaits = self.open_step = None


@dataclass
class Scope:
    """A flow, an item, a turn, a `finally`: nodes that end together."""

    prefix: str
    body: Body
    owner: Rec | None = None
    index: int = 0
    names: dict[str, Json] = field(default_factory=dict)
    final: bool = False
    verdict: tuple[str, Json] | None = None  # (finished, output) | (failed, error) | (cancelled, error)
    closed: bool = False
    recs: dict[str, Rec] = field(init=False)

    def __post_init__(self) -> None:
        self.recs = {name: Rec(self.prefix + name, node, self) for name, node in self.body.nodes.items()}

    def over_and_done(self) -> bool:
        """Everything in it has settled; once it is ended, nobody waits for a node in doubt."""
        return all(rec.settled or (self.verdict is not None and rec.status == "unknown") for rec in self.recs.values())

    def around(self) -> "list[Scope]":
        """The scopes around it and itself, outermost first."""
        return [*(self.owner.scope.around() if self.owner is not None else []), self]


def every(scope: Scope) -> list[Rec]:
    """All nodes in a scope, at any depth."""
    inner = [deep for rec in scope.recs.values() for item in rec.items for deep in every(item)]
    return [*scope.recs.values(), *inner]
