"""A flow half read: each node on its own, before it is known what waits for what. Nothing outside this package sees it."""

from dataclasses import dataclass, field
from typing import Literal

from tenuto.core.expressions import Value
from tenuto.core.flow.after import Wait
from tenuto.core.flow.kinds import Kind
from tenuto.core.flow.library import NodeType
from tenuto.core.flow.model import Retry


@dataclass(slots=True)
class Draft:
    """`outer` are the values evaluated before the node runs, by key; those of `with` are in `inputs`."""

    id: str
    path: str
    use: str
    kind: Kind
    type: NodeType | None = None
    definition: str = ""
    waits: tuple[Wait, ...] = ()
    on_error: Literal["fail", "continue", "collect"] = "fail"
    retry: Retry = field(default_factory=Retry)
    pool: str | None = None
    outer: dict[str, Value] = field(default_factory=dict[str, Value])
    inputs: dict[str, Value] = field(default_factory=dict[str, Value])
    cases: tuple[str, ...] = ()
    conditions: tuple[tuple[str, Value], ...] = ()
    body: "BodyDraft | None" = None
    item_name: str = "item"
    max_items: int = 10_000
    max_turns: int = 0
    until: Value | None = None

    @property
    def ports(self) -> tuple[str, ...] | None:
        """Its ports besides `error`; None where they are not known."""
        if self.use == "switch":
            return (*self.cases, "default")
        if self.kind.ports and not self.kind.pool:
            return self.kind.ports
        if self.kind.pool:
            return self.type.ports if self.type else None
        return ()


@dataclass(slots=True)
class BodyDraft:
    """Nodes that end together. `path` is that of what holds `nodes` and `output`: empty for the flow itself."""

    path: str
    nodes: dict[str, Draft] = field(default_factory=dict[str, Draft])
    output: Value | None = None
