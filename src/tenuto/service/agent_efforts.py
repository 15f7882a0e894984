"""What an agent's run took and came to, out of its facts: answers of models, calls of tools, the cost, the text."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from tenuto.core.events import Fact, StepRecorded
from tenuto.core.flow.findings import mapping
from tenuto.service.spending import spend

Json = object


@dataclass(slots=True)
class Efforts:
    """What an agent did, those that it called included. `models`: which answered, the first one first."""

    asked: int = 0
    called: int = 0
    models: list[str] = field(default_factory=list[str])
    cost: dict[str, float] = field(default_factory=dict[str, float])

    def add(self, other: "Efforts") -> None:
        self.asked += other.asked
        self.called += other.called
        self.models += [model for model in other.models if model not in self.models]
        spend(self.cost, other.cost)


def efforts_of(facts: Iterable[tuple[int, Fact]]) -> Efforts:
    """Recorded steps are named `model:2`, `call:1`, and `call:1/model:1` of an agent that was called."""
    found = Efforts()
    for _, fact in facts:
        if isinstance(fact, StepRecorded):
            _count(found, fact)
    return found


def text_of(output: Json) -> str:
    """The answer as text; of an agent with an output schema that says nothing besides, its data."""
    said = mapping(output) or {}
    if said.get("data") is not None and not said.get("text"):
        return json.dumps(said["data"], ensure_ascii=False, indent=2)
    return str(said.get("text") or "")


def _count(found: Efforts, fact: StepRecorded) -> None:
    kind = fact.key.rpartition("/")[2].partition(":")[0]
    spend(found.cost, fact.usage)
    if kind == "call":
        found.called += 1
    elif kind == "model":
        found.asked += 1
        model = str((mapping(fact.output) or {}).get("model", ""))
        if model and model not in found.models:
            found.models.append(model)
