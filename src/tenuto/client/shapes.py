"""What the server tells, typed. `raw` is all that it said: a newer server may say more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final, Generic, Self, TypeVar, cast

Json = Any
Item = TypeVar("Item")

ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})
TERMINAL: Final = frozenset({"run.succeeded", "run.failed", "run.cancelled"})


@dataclass(slots=True, frozen=True, kw_only=True)
class _Said:
    raw: Mapping[str, Json] = field(default_factory=dict[str, Json], repr=False, compare=False)

    @classmethod
    def of(cls, said: Mapping[str, Json]) -> Self:
        known = {each.name for each in fields(cls)} - {"raw"}
        return cls(**{name: value for name, value in said.items() if name in known}, raw=said)


@dataclass(slots=True, frozen=True, kw_only=True)
class Run(_Said):
    """`status`: queued, running, waiting, succeeded, failed or cancelled. `nodes`: by path, where the server was asked for them."""

    id: str
    name: str
    flow: str
    status: str
    version: int | None = None
    version_hash: str = ""
    stage: str = ""
    input: Json = None
    output: Json = None
    error: Mapping[str, Json] | None = None
    nodes: Mapping[str, Mapping[str, Json]] = field(default_factory=dict[str, Mapping[str, Json]])
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    parent: str | None = None
    forked_from: str | None = None
    created_at: str | None = None
    ended_at: str | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(slots=True, frozen=True, kw_only=True)
class Event:
    """Something that happened. `seq`: of a fact; None for what is not recorded (`delta`). `data`: its fields."""

    type: str
    data: Mapping[str, Json]
    seq: int | None = None

    @property
    def last(self) -> bool:
        return self.type in TERMINAL

    @property
    def text(self) -> str:
        """The words of an agent, where they are what happened; "" otherwise."""
        said = self.data.get("data")
        if self.type != "delta" or not isinstance(said, dict):
            return ""
        delta = cast("dict[str, Json]", said)
        return "" if "agent" in delta else str(delta.get("text", ""))


@dataclass(slots=True, frozen=True, kw_only=True)
class Approval(_Said):
    """Something that waits for a person."""

    run: str
    name: str
    flow: str
    path: str
    question: Json = None
    show: Json = None
    form: Json = None
    assignees: Sequence[Json] = ()
    due: str | None = None


@dataclass(slots=True, frozen=True, kw_only=True)
class SavedFlow(_Said):
    name: str
    version: int | None = None
    hash: str = ""


@dataclass(slots=True, frozen=True, kw_only=True)
class Agent(_Said):
    """`tools`: what it may call. `problems`: what is wrong with it."""

    name: str
    team: str = ""
    description: str = ""
    tools: Sequence[str] = ()
    problems: Sequence[Json] = ()


@dataclass(slots=True, frozen=True, kw_only=True)
class AgentState(_Said):
    """`status`: idle, running or error. `last_run`: when the newest execution began."""

    name: str
    status: str
    team: str = ""
    last_run: str | None = None


@dataclass(slots=True, frozen=True, kw_only=True)
class Execution(_Said):
    """`status`: pending, running, completed or failed. `result`: `{text, data?, usage}`. `id`: of the run that it is."""

    id: str
    agent: str
    status: str
    result: Json = None
    error: Mapping[str, Json] | None = None
    task: str = ""
    name: str = ""

    @property
    def ended(self) -> bool:
        return self.status in {"completed", "failed"}

    @property
    def text(self) -> str:
        """What the agent answered; "" before it has."""
        return str(self.result["text"]) if self.result else ""


@dataclass(slots=True, frozen=True, kw_only=True)
class Tool(_Said):
    """`parameters`: the JSON Schema of its arguments. `effects`: `once`, if a crash must not make it run twice."""

    name: str
    kind: str = ""
    description: str = ""
    parameters: Mapping[str, Json] = field(default_factory=dict[str, Json])
    effects: str = ""


@dataclass(slots=True, frozen=True, kw_only=True)
class ToolCall(_Said):
    """`run`: the run that it was. An output of more than 64 kB is `{file, size, beginning}`, for `client.files.download`."""

    run: str
    status: str
    output: Json = None
    error: Mapping[str, Json] | None = None

    @property
    def ended(self) -> bool:
        return self.status in ENDED


@dataclass(slots=True, frozen=True)
class Page(Generic[Item]):
    """Some of a list. `next_cursor` asks for those after; None on the last."""

    items: list[Item]
    next_cursor: str | None


@dataclass(slots=True, frozen=True, kw_only=True)
class Model(_Said):
    """`model`: what the name means, `chosen`: why. `price`: dollars for a million tokens, None where nobody knows.
    `breaker`: `open` while it is known to be down, `until` then. `trouble`: why it cannot be asked, or nothing."""

    name: str
    model: str
    default: bool = False
    chosen: str = ""
    base_url: str = ""
    price: Mapping[str, float | None] | None = None
    breaker: str = "closed"
    until: str | None = None
    trouble: str = ""
