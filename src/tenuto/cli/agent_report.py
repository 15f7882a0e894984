"""How an agent's run went, in one line: what answered, how often it was asked, what it cost."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tenuto.cli.describe import result_text
from tenuto.cli.look import Look, cost, duration, plural
from tenuto.core.events import Fact, StepRecorded
from tenuto.core.flow.findings import mapping
from tenuto.service.projection import RunView


@dataclass(slots=True)
class Efforts:
    """What an agent did, sub-agents included. `models`: those that answered, the first one first."""

    asked: int = 0
    called: int = 0
    models: list[str] = field(default_factory=list[str])
    cost: dict[str, float] = field(default_factory=dict[str, float])

    def add(self, other: "Efforts") -> None:
        self.asked += other.asked
        self.called += other.called
        self.models += [model for model in other.models if model not in self.models]
        for unit, amount in other.cost.items():
            self.cost[unit] = self.cost.get(unit, 0) + amount


def text_of(output: object) -> str:
    """The answer as text: of an agent with an output schema, its data."""
    said = mapping(output) or {}
    if said.get("data") is not None and not said.get("text"):
        return result_text(said["data"])
    return str(said.get("text") or "")


def efforts_of(facts: Iterable[tuple[int, Fact]]) -> Efforts:
    """Recorded steps are named `model:2`, `call:1`, and `call:1/model:1` of an agent that was called."""
    found = Efforts()
    for _, fact in facts:
        if isinstance(fact, StepRecorded):
            _count(found, fact)
    return found


def _count(found: Efforts, fact: StepRecorded) -> None:
    kind = fact.key.rpartition("/")[2].partition(":")[0]
    for unit, amount in (fact.usage or {}).items():
        found.cost[unit] = found.cost.get(unit, 0) + amount
    if kind == "call":
        found.called += 1
    elif kind == "model":
        found.asked += 1
        model = str((mapping(fact.output) or {}).get("model", ""))
        if model and model not in found.models:
            found.models.append(model)


def efforts_line(efforts: Efforts, seconds: float | None = None) -> str:
    """`2 answers of openai:gpt-5, 1 tool call  3.1s  $0.004 1,234 tokens`."""
    models = " and ".join(efforts.models)
    said = [f"{plural(efforts.asked, 'answer')}{f' of {models}' if models else ''}"]
    said += [plural(efforts.called, "tool call")] if efforts.called else []
    took = duration(seconds) if seconds is not None else ""
    return "  ".join(part for part in (", ".join(said), took, cost(efforts.cost)) if part)


def last_line(view: RunView, efforts: Efforts, look: Look) -> str:
    """`✓ succeeded  brave-otter-7f3a  2 answers of openai:gpt-5  3.1s  $0.004 1,234 tokens`."""
    seconds = view.ended_at - view.started_at if view.ended_at and view.started_at else None
    return f"{look.mark(view.status)} {view.status}  {view.name}  {efforts_line(efforts, seconds)}".rstrip()
