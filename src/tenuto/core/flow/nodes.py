"""Reads the nodes of a document one by one into drafts: their keys, their `with`, their bodies.

What a node refers to is not looked at here; that needs all of them (`link.py`).
"""

from collections.abc import Mapping
from typing import Final

from tenuto.core.expressions import Value
from tenuto.core.flow.after import read_after
from tenuto.core.flow.canonical import definition
from tenuto.core.flow.draft import BodyDraft, Draft
from tenuto.core.flow.findings import Findings, brief, has_expression, listing, mapping, under, what
from tenuto.core.flow.kinds import COMMON, KINDS, LIBRARY, kind_of
from tenuto.core.flow.library import Library
from tenuto.core.flow.names import better_id, wrong_id
from tenuto.core.flow.parts import Part, how_to_be_one, is_expression, read_retry
from tenuto.core.flow.structure import read_inputs

MAX_NODES: Final = 10_000
MAX_LEVELS: Final = 32
MAX_ITEMS: Final = 1_000_000
MAX_TURNS: Final = 1_000_000
_EFFECT_KEYS: Final = frozenset({"timeout", "retry", "pool"})
_KEYS: Final = {
    use: frozenset({*COMMON, *kind.keys} - (set() if kind.inputs or kind.pool else {"with"}))
    for use, kind in {**KINDS, "": LIBRARY}.items()
}


class NodeReader:
    """One reading of one document; counts its nodes."""

    def __init__(self, findings: Findings, library: Library | None) -> None:
        self.findings = findings
        self.library = library
        self.count = 0

    def body(self, part: Part, level: int, around: frozenset[str]) -> BodyDraft:
        """The `nodes` and `output` of a flow, a container or a `finally`. `around`: ids that may not be repeated."""
        draft = BodyDraft(part.path)
        nodes = mapping(part.members.get("nodes"))
        if nodes is None:
            if "nodes" in part.members:
                part.wrong(
                    "nodes", "wrong_type", f"`nodes` is {what(part.members['nodes'])}, not an object of nodes by id"
                )
        elif not nodes:
            part.wrong("nodes", "empty", "`nodes` is empty: nothing would run")
        elif level > MAX_LEVELS:
            part.wrong(
                "nodes",
                "too_deep",
                f"nodes are nested deeper than {MAX_LEVELS} levels",
                "move them to a flow of their own and `call` it",
            )
        else:
            self._nodes(draft, nodes, part.at("nodes"), level, around)
        draft.output = part.value("output")
        return draft

    def _nodes(
        self, draft: BodyDraft, nodes: Mapping[str, object], path: str, level: int, around: frozenset[str]
    ) -> None:
        self.count += len(nodes)
        if self.count > MAX_NODES:
            if self.count - len(nodes) <= MAX_NODES:
                self.findings.error(
                    path,
                    "too_many_nodes",
                    f"a flow has at most {MAX_NODES} nodes",
                    "move some to a flow of their own and `call` it",
                )
            return
        names = around | nodes.keys()
        for name, given in nodes.items():
            self._check_id(name, under(path, name), around)
            if node := self._node(name, given, under(path, name), level, names):
                draft.nodes[name] = node

    def _check_id(self, name: str, path: str, around: frozenset[str]) -> None:
        if reason := wrong_id(name):
            self.findings.error(path, "wrong_id", f"`{brief(name)}` cannot be an id: {reason}", better_id(name))
        elif name in around:
            self.findings.error(
                path, "duplicate_id", f"`{name}` is the name of something around this body", "give it another id"
            )

    def _node(self, name: str, given: object, path: str, level: int, names: frozenset[str]) -> Draft | None:
        members = mapping(given)
        if members is None:
            self.findings.error(
                path, "wrong_type", f"a node is {what(given)}, not an object", "write `{use: TYPE, with: {…}}`"
            )
            return None
        part = Part(members, path, self.findings)
        use = self._use(part)
        draft = Draft(name, path, use, kind_of(use), definition=definition(members))
        self._type(draft, part)
        self._keys(draft, part)
        self._common(draft, part)
        self._with(draft, part)
        if use in {"map", "loop"}:
            self._container(draft, part, level, names)
        return draft

    def _use(self, part: Part) -> str:
        use = part.members.get("use")
        if isinstance(use, str) and use and not has_expression(use):
            return use
        if "use" not in part.members:
            other = next((key for key in ("type", "uses", "node") if key in part.members), None)
            hint = f"write `use` instead of `{other}`" if other else "write `use: TYPE`; `tenuto nodes` lists the types"
            self.findings.error(part.path, "missing_key", "a node needs `use`", hint)
        else:
            part.wrong("use", "wrong_type", "`use` is not the name of a node type")
        return ""

    def _type(self, draft: Draft, part: Part) -> None:
        """Look the type up; without a library every type is taken as it is."""
        if self.library is None or draft.use in KINDS or not draft.use:
            return
        draft.type = self.library.get(draft.use)
        if draft.type is None:
            hint = self.findings.suggest(draft.use, [*KINDS, *self.library]) or "`tenuto nodes` lists the types"
            part.wrong("use", "unknown_type", f"there is no node type `{brief(draft.use)}`", hint)

    def _keys(self, draft: Draft, part: Part) -> None:
        owner = f"`{draft.use}`" if draft.use in KINDS else "a node"
        known = _KEYS.get(draft.use, _KEYS[""])
        if not part.members.keys() <= known:
            part.only(known, owner, _key_hints(draft, owner))
        part.need(draft.kind.required, owner)
        for key in part.members.keys() & _EFFECT_KEYS:
            if not getattr(draft.kind, key):
                part.wrong(key, "no_effect", f"`{key}` means nothing on {owner}", "remove it")

    def _common(self, draft: Draft, part: Part) -> None:
        part.text("description")
        if "after" in part.members:
            draft.waits = read_after(part.members["after"], part.at("after"), self.findings)
        self._outer(draft, "when", part.decision("when"))
        if draft.kind.timeout:
            self._outer(draft, "timeout", part.timeout())
        if "retry" in part.members and draft.kind.retry:
            draft.retry = read_retry(part.members["retry"], part.at("retry"), self.findings)
        if "pool" in part.members and draft.kind.pool:
            draft.pool = part.text("pool") or None
        choices = ("fail", "continue", "collect") if draft.use == "map" else ("fail", "continue")
        draft.on_error = part.one_of("on_error", choices, "fail")  # type: ignore[assignment]  # one of the choices

    def _with(self, draft: Draft, part: Part) -> None:
        if not (draft.kind.inputs or draft.kind.pool):
            return
        given = part.members.get("with", {})
        members = mapping(given)
        if members is None:
            part.wrong("with", "wrong_type", f"`with` is {what(given)}, not an object", "write `with: {key: value}`")
            return
        path = part.at("with") if "with" in part.members else part.path
        inputs = Part(members, path, self.findings)
        if draft.use in KINDS:
            read_inputs(draft, inputs)
        else:
            draft.inputs = {key: value for key in members if (value := inputs.value(key))}

    def _container(self, draft: Draft, part: Part, level: int, names: frozenset[str]) -> None:
        if draft.use == "map":
            names |= self._map(draft, part, names)
        else:
            self._loop(draft, part)
        draft.body = self.body(part, level + 1, names)

    def _map(self, draft: Draft, part: Part, names: frozenset[str]) -> frozenset[str]:
        over = part.members.get("over")
        if "over" in part.members and listing(over) is None and not is_expression(over):
            part.wrong("over", "wrong_type", f"`over` is {what(over)}, not a list", how_to_be_one(over))
        self._outer(draft, "over", part.value("over"))
        if "concurrency" in part.members and not is_expression(part.members["concurrency"]):
            part.whole("concurrency", 10, 1, MAX_ITEMS)
        self._outer(draft, "concurrency", part.value("concurrency"))
        draft.max_items = part.whole("max_items", 10_000, 1, MAX_ITEMS)
        draft.item_name = part.text("as", "item")
        return self._item_name(draft, part, names)

    def _item_name(self, draft: Draft, part: Part, names: frozenset[str]) -> frozenset[str]:
        name = draft.item_name
        if name == "item":
            return frozenset()
        if reason := wrong_id(name):
            part.wrong("as", "wrong_id", f"`{brief(name)}` cannot be a name: {reason}", better_id(name))
        elif name in names:
            part.wrong(
                "as", "duplicate_id", f"`{name}` is the name of something around this map", "give the item another name"
            )
        return frozenset({name})

    def _loop(self, draft: Draft, part: Part) -> None:
        self._outer(draft, "carry", part.value("carry"))
        draft.until = part.decision("until")
        if "max" in part.members:
            draft.max_turns = part.whole("max", 1, 1, MAX_TURNS)

    @staticmethod
    def _outer(draft: Draft, key: str, value: Value | None) -> None:
        if value is not None:
            draft.outer[key] = value


def _key_hints(draft: Draft, owner: str) -> dict[str, str]:
    """For a key on the wrong side of `with`."""
    if draft.kind.inputs:
        return dict.fromkeys(draft.kind.inputs, "put it in `with`")
    if draft.kind.pool and draft.type is not None:
        return dict.fromkeys(mapping((draft.type.input_schema or {}).get("properties")) or {}, "put it in `with`")
    return {"with": f"the keys of {owner} stand beside `use`"}
