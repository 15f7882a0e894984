"""What runs came to, in figures: counted from their facts, in the background.

No names of tenants, flows or nodes: those are without number, and none of a stranger's business.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from tenuto.core.events import Fact, NodeFailed, NodeRetrying, NodeSucceeded
from tenuto.ports.journal import RunEntry

BOUNDS: Final = (0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)  # seconds
_ENDED: Final = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(slots=True)
class Spread:
    """`buckets`: one for each bound, and one for what took longer."""

    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))

    def add(self, seconds: float) -> None:
        self.seconds += seconds
        self.buckets[bisect_left(BOUNDS, seconds)] += 1


@dataclass(slots=True)
class RunFigures:
    """A `telemetry.Sink`. `open`: the status of each run that has not ended."""

    facts: Counter[str] = field(default_factory=Counter[str])
    ended: Counter[str] = field(default_factory=Counter[str])
    open: dict[str, str] = field(default_factory=dict[str, str])
    runs: dict[str, Spread] = field(default_factory=dict[str, Spread])
    nodes: dict[str, Spread] = field(default_factory=dict[str, Spread])

    def fold(self, entry: RunEntry, first: int, facts: Sequence[Fact]) -> None:
        del first
        for fact in facts:
            self.facts[fact.type] += 1
            if isinstance(fact, NodeSucceeded | NodeFailed | NodeRetrying) and fact.started_at is not None:
                outcome = fact.type.partition(".")[2]
                self.nodes.setdefault(outcome, Spread()).add(max(fact.at - fact.started_at, 0.0))
        if entry.status not in _ENDED:
            self.open[entry.id] = entry.status
            return
        self.open.pop(entry.id, None)
        if entry.ended_at is not None and facts and facts[-1].type.startswith("run."):
            self.ended[entry.status] += 1
            self.runs.setdefault(entry.status, Spread()).add(max(entry.ended_at - entry.created_at, 0.0))

    def by_status(self) -> Counter[str]:
        return Counter(self.open.copy().values())
