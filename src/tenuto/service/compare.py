"""Two runs side by side: where they part. Pure; times, attempts and names do not count, only what came of the nodes."""

from dataclasses import dataclass, field

from tenuto.core.values import digest
from tenuto.service.aside import FACT, aside
from tenuto.service.follow import Follower
from tenuto.service.projection import NodeView, RunView

Json = object

ASPECTS = ("status", "port", "input", "output", "error")


@dataclass(slots=True)
class Difference:
    """What is not the same at a path: aspect → (in the first run, in the second). `only`: which run alone reached it."""

    path: str
    aspects: dict[str, tuple[Json, Json]] = field(default_factory=dict[str, tuple[Json, Json]])
    only: str | None = None  # "a" | "b"


@dataclass(slots=True)
class Comparison:
    a: RunView
    b: RunView
    input: tuple[Json, Json] | None
    outcome: dict[str, tuple[Json, Json]]
    nodes: list[Difference]
    same: int  # nodes that are equal

    @property
    def parts_at(self) -> str | None:
        """The first node, in the order of the first run, of which they tell different things."""
        return self.nodes[0].path if self.nodes else None

    @property
    def equal(self) -> bool:
        return self.input is None and not self.outcome and not self.nodes


def compare(a: RunView, b: RunView) -> Comparison:
    paths = [path for path in _in_order(a, b) if _reached(a.nodes.get(path)) or _reached(b.nodes.get(path))]
    differences = [found for path in paths if (found := _difference(path, a.nodes.get(path), b.nodes.get(path)))]
    outcome: dict[str, tuple[Json, Json]] = {
        aspect: (getattr(a, aspect), getattr(b, aspect))
        for aspect in ("status", "output", "error")
        if not _equal(getattr(a, aspect), getattr(b, aspect))
    }
    given = None if _equal(a.input, b.input) else (a.input, b.input)
    return Comparison(a, b, given, outcome, differences, len(paths) - len(differences))


async def side_by_side(a: Follower, b: Follower) -> dict[str, Json]:
    """Two runs as the API shows where they part; long ones without holding others up."""
    weight = (len(a.view().nodes) + len(b.view().nodes)) * FACT * len(ASPECTS)
    return await aside(weight, lambda: comparison_json(compare(a.view(), b.view())))


def comparison_json(found: Comparison) -> dict[str, Json]:
    return {
        "a": {"id": found.a.id, "name": found.a.name, "status": found.a.status},
        "b": {"id": found.b.id, "name": found.b.name, "status": found.b.status},
        "equal": found.equal,
        "parts_at": found.parts_at,
        "input": list(found.input) if found.input else None,
        "outcome": {aspect: list(pair) for aspect, pair in found.outcome.items()},
        "nodes": {each.path: _difference_json(each) for each in found.nodes},
        "same": found.same,
    }


def _difference_json(each: Difference) -> dict[str, Json]:
    aspects: dict[str, Json] = {aspect: list(pair) for aspect, pair in each.aspects.items()}
    return aspects if each.only is None else {"only": each.only, **aspects}


def _in_order(a: RunView, b: RunView) -> list[str]:
    def reached(view: RunView) -> list[str]:
        return sorted(view.nodes, key=lambda path: view.nodes[path].seq or view.seq + 1)

    return list(dict.fromkeys([*reached(a), *reached(b)]))


def _reached(node: NodeView | None) -> bool:
    return node is not None and node.status != "pending"


def _difference(path: str, a: NodeView | None, b: NodeView | None) -> Difference | None:
    if a is None or b is None or not _reached(a) or not _reached(b):
        return Difference(path, only="a" if _reached(a) else "b")
    aspects = {aspect: pair for aspect in ASPECTS if (pair := _pair(aspect, a, b))}
    return Difference(path, aspects) if aspects else None


def _pair(aspect: str, a: NodeView, b: NodeView) -> tuple[Json, Json] | None:
    one, other = getattr(a, aspect), getattr(b, aspect)
    if aspect == "status":
        same = _came_of(a) == _came_of(b)
        return None if same else (one, other)
    return None if _equal(one, other) else (one, other)


def _came_of(node: NodeView) -> str:
    return "succeeded" if node.status == "reused" else node.status


def _equal(a: Json, b: Json) -> bool:
    return a is b or digest(a) == digest(b)
