"""Random flow documents: every structure node, every form of `after`, references of every kind, nested a few levels.

The generator asks a `random.Random` for everything, so that a seed is a flow. Documents are read by the real reader; what it refuses is drawn again.
"""

from dataclasses import dataclass, field
from random import Random

from hypothesis import strategies as st

from tenuto.core.flow import Flow, read
from tenuto.core.flow.library import NodeType
from tenuto.testing.driver import AnyType

Json = object
Document = dict[str, Json]

TYPES = (NodeType("work"), NodeType("choose", ports=("left", "right")), NodeType("mail", effects="once"))
ONCE = frozenset({"mail"})
LIBRARY = AnyType(TYPES)
INPUT = {"flag": "boolean", "n": "integer"}
SIGNALS = ("go", "stop")

PORTS = {
    "work": ("done",),
    "mail": ("done",),
    "choose": ("left", "right"),
    "set": ("done",),
    "if": ("true", "false"),
    "switch": ("one", "two", "default"),
    "map": ("done",),
    "loop": ("done", "exhausted"),
    "wait": ("done", "timeout"),
    "approval": ("approved", "rejected", "timeout"),
    "call": ("done",),
    "finish": (),
    "fail": (),
}
WEIGHTS = {
    "work": 16,
    "choose": 4,
    "mail": 3,
    "set": 3,
    "if": 2,
    "switch": 2,
    "map": 5,
    "loop": 4,
    "wait": 3,
    "approval": 2,
    "call": 2,
    "finish": 2,
    "fail": 2,
}
LIBRARY_NODES = frozenset({"work", "choose", "mail"})


@dataclass
class Place:
    """A body being drawn: who stands in it already, and what can be named from it besides."""

    depth: int
    siblings: list[tuple[str, str]] = field(default_factory=list)  # (id, use)
    around: list[str] = field(default_factory=list)  # expressions: outer nodes, `item`, `turn.value`

    def sources(self) -> list[str]:
        return [*(name for name, use in self.siblings if PORTS[use]), *self.around]


class Drawing:
    """One document being drawn."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.count = 0

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def document(self) -> Document:
        top = Place(depth=0, around=["input.n", "input.flag"])
        document: Document = {
            "flow": "drawn",
            "input": dict(INPUT),
            "nodes": self.nodes(top, self.random.randint(2, 10)),
        }
        if self.chance(0.8):
            document["output"] = self.output(top)
        if self.chance(0.25):
            names = [name for name, use in top.siblings if PORTS[use]]
            place = Place(depth=1, around=["run.status", *(f"{name} ?? 0" for name in names)])
            document["finally"] = {"nodes": self.nodes(place, self.random.randint(1, 3))}
        if self.chance(0.15):
            document["timeout"] = "1h"
        if self.chance(0.25):
            document["budget"] = {"tokens": self.random.randint(1, 5)}
        return document

    def nodes(self, place: Place, count: int) -> dict[str, Json]:
        nodes: dict[str, Json] = {}
        for _ in range(count):
            self.count += 1
            name = f"n{self.count}"
            use = self.use(place)
            nodes[name] = self.node(place, use)
            place.siblings.append((name, use))
        return nodes

    def use(self, place: Place) -> str:
        barred = {"map", "loop"} if place.depth >= 2 else set[str]()
        barred |= set[str]() if place.siblings else {"finish", "fail"}
        uses = [use for use in WEIGHTS if use not in barred]
        return self.random.choices(uses, [WEIGHTS[use] for use in uses])[0]

    def node(self, place: Place, use: str) -> Document:
        node: Document = {"use": use}
        after = self.after(place)
        if after:
            node["after"] = after
        if self.chance(0.25):
            node["when"] = self.condition(place)
        node.update(getattr(self, f"_{use}")(place))
        if use != "finish" and self.chance(0.3 if use in LIBRARY_NODES else 0.1):
            node["on_error"] = "continue"
        if use in LIBRARY_NODES | {"call"} and self.chance(0.3):
            node["retry"] = self.retry()
        if use in {"map", "loop", "call"} and self.chance(0.15):
            node["timeout"] = "20s"
        return node

    # --- edges -----------------------------------------------------------------------------------------------------

    def after(self, place: Place) -> list[Json]:
        if not place.siblings or self.chance(0.4):
            return []
        count = self.random.randint(1, 2)
        return [{"any": self.some(place)} if self.chance(0.25) else self.entry(place) for _ in range(count)]

    def some(self, place: Place) -> list[Json]:
        return [self.entry(place, optional=False) for _ in range(self.random.randint(1, 3))]

    def entry(self, place: Place, *, optional: bool = True) -> Json:
        name, use = self.random.choice(place.siblings)
        forms = [f"{name}.{port}" for port in PORTS[use]]
        forms += [name] if PORTS[use] else []
        if use != "finish":
            forms.append(f"{name}.error")
        if optional or not forms:
            forms.append(f"{name}?" if optional else name)
        return self.random.choice(forms)

    # --- expressions -----------------------------------------------------------------------------------------------

    def source(self, place: Place) -> str:
        sources = place.sources()
        return self.random.choice(sources) if sources and self.chance(0.9) else str(self.random.randint(0, 3))

    def value(self, place: Place) -> Json:
        first, second = self.source(place), self.source(place)
        return self.random.choice(
            [
                f"${{{first}}}",
                f"${{({first}) ?? {second}}}" if "??" in first else f"${{{first} ?? {second}}}",
                f"${{{first} ?? 0}}",
                f"got ${{{first} ?? 'nothing'}} and {second.count('n')}",
                [f"${{{first} ?? 1}}", 2],
                self.random.randint(0, 3),
            ]
        )

    def condition(self, place: Place) -> str:
        source = self.source(place)
        forms = [
            f"${{({source} ?? 0) == 1}}",
            f"${{({source} ?? 1) != 'x'}}",
            f"${{({source}) == 1}}",
            "${input.flag}",
            "${input.n > 1}",
            "${!input.flag}",
        ]
        names = [name for name, use in place.siblings if PORTS[use]]
        if names:
            forms += [f"${{has({self.random.choice(names)})}}"]
        if place.siblings and self.chance(0.1):
            forms.append(f"${{{source}.missing == 1}}" if source.startswith("n") else "${1 / 0 == 1}")
        return self.random.choice(forms)

    def output(self, place: Place) -> Json:
        first, second = self.source(place), self.source(place)
        forms: list[Json] = [f"${{{first}}}", {"a": f"${{{first}}}", "b": f"${{{second} ?? 'none'}}"}]
        failing = [name for name, use in place.siblings if use in {"work", "map", "call"}]
        if failing:
            forms.append(f"${{{self.random.choice(failing)}.error.type ?? 'fine'}}")
        return self.random.choice(forms)

    # --- nodes -----------------------------------------------------------------------------------------------------

    def retry(self) -> Document:
        retry: Document = {"attempts": self.random.randint(2, 3), "delay": "1s"}
        if self.chance(0.3):
            retry["on"] = ["error"]
        return retry

    def _work(self, place: Place) -> Document:
        return {"with": {"value": self.value(place)}} if self.chance(0.8) else {}

    _mail = _choose = _work

    def _set(self, place: Place) -> Document:
        return {"with": {"value": self.value(place)}}

    def _if(self, place: Place) -> Document:
        return {"with": {"condition": self.condition(place)}}

    def _switch(self, place: Place) -> Document:
        if self.chance(0.5):
            return {"with": {"value": self.value(place), "cases": ["one", "two"]}}
        return {"with": {"cases": {"one": self.condition(place), "two": self.condition(place)}}}

    def _map(self, place: Place) -> Document:
        lists = ["${[1, 2, 3]}", "${[]}", f"${{[{self.source(place)}, 2]}}", f"${{{self.source(place)}}}"]
        node: Document = {"over": self.random.choices(lists, [4, 1, 4, 1])[0]}
        if self.chance(0.4):
            node["concurrency"] = self.random.randint(1, 2)
        if self.chance(0.3):
            node["on_error"] = "collect"
        name = "item"
        if self.chance(0.3):
            self.count += 1
            name = node["as"] = f"it{self.count}"
        return {**node, **self.body(place, [name, "index"])}

    def _loop(self, place: Place) -> Document:
        node: Document = {"max": self.random.randint(1, 3)}
        if self.chance(0.5):
            node["carry"] = self.value(place)
        if self.chance(0.6):
            forms = ["${turn.value == 1}", "${turn.index == 1}", "${(turn.value ?? 1) == 1}"]
            node["until"] = self.random.choice(forms)
        first = self.count + 1
        body = self.body(place, ["turn.value", "turn.index"])
        if self.chance(0.2):
            node["until"] = f"${{(n{first} ?? 0) == 1}}"
        return {**node, **body}

    def body(self, place: Place, names: list[str]) -> Document:
        seen = self.random.sample(place.sources(), min(2, len(place.sources())))
        hidden = ("item", "index", "turn", "it")
        inner = Place(place.depth + 1, around=[*names, *(each for each in seen if not each.startswith(hidden))])
        body: Document = {"nodes": self.nodes(inner, self.random.randint(1, 3))}
        if self.chance(0.8):
            body["output"] = self.output(inner)
        return body

    def _wait(self, place: Place) -> Document:
        if self.chance(0.4):
            return {"with": {"for": "10s"}}
        node: Document = {"with": {"signal": self.random.choice(SIGNALS)}}
        if self.chance(0.6):
            node["timeout"] = "30s"
        return node

    def _approval(self, place: Place) -> Document:
        node: Document = {"with": {"question": "Shall we?", "show": self.value(place)}}
        if self.chance(0.5):
            node["timeout"] = "40s"
        return node

    def _call(self, place: Place) -> Document:
        return {"with": {"flow": "child", "input": {"x": self.value(place)}}}

    def _finish(self, place: Place) -> Document:
        return {"with": {"output": self.value(place)}} if self.chance(0.7) else {}

    def _fail(self, place: Place) -> Document:
        return {"with": {"message": "no more", "type": self.random.choice(["broken", "error"])}}


def drawn(random: Random) -> tuple[Document, Flow]:
    """A document that the reader takes, and its flow."""
    for _ in range(200):
        document = Drawing(random).document()
        flow, _ = read(document, LIBRARY)
        if flow is not None:
            return document, flow
    raise AssertionError("the reader refused 200 documents in a row")


seeds = st.integers(0, 2**48)  # what a failing example prints
