"""Joins drafts to what the machine walks: each body's nodes with their needs, checked against each other and their types."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from tenuto.core.expressions import Value
from tenuto.core.flow.cycles import cycles, waiting_for
from tenuto.core.flow.draft import BodyDraft, Draft
from tenuto.core.flow.findings import Findings, brief, under
from tenuto.core.flow.fit import check_inputs, check_kind
from tenuto.core.flow.model import Body, Need, Node
from tenuto.core.flow.reach import unreachable
from tenuto.core.flow.scope import Place, Scope, Use, uses_of
from tenuto.core.flow.shapes import item_shape, map_shape, output_shape
from tenuto.core.flow.types import Shape
from tenuto.core.flow.wiring import Wires, dependents, wire

_MAX_CYCLES: Final = 10
_TURN: Final = Shape(
    {"type": "object", "properties": {"value": {}, "index": {"type": "integer"}}, "additionalProperties": False}
)
_INDEX: Final = Shape({"type": "integer"})


def link(draft: BodyDraft, scope: Scope) -> tuple[Body, list[Use]]:
    """The body, and the nodes outside it that its expressions mention. `scope` already holds its nodes."""
    return _Linker(draft, scope).linked()


class _Linker:
    """One body."""

    def __init__(self, draft: BodyDraft, scope: Scope) -> None:
        self.draft = draft
        self.scope = scope
        self.findings = scope.world.findings
        self.outward: list[Use] = []
        self.inner: dict[str, Body] = {}

    def linked(self) -> tuple[Body, list[Use]]:
        self._known_shapes()
        wires = {name: self._wires(node) for name, node in self.draft.nodes.items()}
        needs = {name: each.needs for name, each in wires.items()}
        output = self.draft.output
        if output is not None:
            self._uses(output, Place(self.scope, under(self.draft.path, "output")))
        if not self._wrong_ports():
            self._check_order(needs)
        heard = {name for each in wires.values() for name in each.hears}
        nodes = {name: self._node(draft, wires[name], name in heard) for name, draft in self.draft.nodes.items()}
        return Body(nodes, output, dependents(needs)), self.outward

    def _known_shapes(self) -> None:
        """First those that need no other, so that the order in the document matters little."""
        shapes = self.scope.world.shapes
        for node in self.draft.nodes.values():
            if node.use != "set":
                shapes[node.path] = output_shape(node, self.scope)
        for node in self.draft.nodes.values():
            if node.use == "set":
                shapes[node.path] = output_shape(node, self.scope)

    def _wires(self, node: Draft) -> Wires:
        mine = self._mentioned(node)
        here = [use for use in mine if use.node in self.draft.nodes]
        self.outward += [use for use in mine if use.node not in self.draft.nodes]
        self._check_types(node)
        return wire(node, here, self.draft.nodes)

    def _mentioned(self, node: Draft) -> list[Use]:
        """All nodes that a node's expressions mention, those inside its body included."""
        found: list[Use] = []
        for key, value in node.outer.items():
            found += uses_of(value, Place(self.scope, under(node.path, key)))
        secrets = node.kind.pool and node.use != "agent"
        for key, value in node.inputs.items():
            found += uses_of(value, Place(self.scope, f"{node.path}.with.{key}", secrets))
        for name, value in node.conditions:
            found += uses_of(value, Place(self.scope, f"{node.path}.with.cases.{name}"))
        return found + self._mentioned_inside(node)

    def _mentioned_inside(self, node: Draft) -> list[Use]:
        if node.body is None:
            return []
        if node.use == "map":
            local = {node.item_name: item_shape(node, self.scope), "index": _INDEX}
        else:
            local = {"turn": _TURN}
        inner = self.scope.inner(node.body.nodes, local)
        self.inner[node.id], found = link(node.body, inner)
        if node.until is not None:
            place = Place(inner, under(node.path, "until"))
            found += [use for use in uses_of(node.until, place) if use.node not in node.body.nodes]
            check_kind(node.until, place, "boolean")
        if node.use == "map":
            self.scope.world.shapes[node.path] = map_shape(node, inner)
        return found

    def _uses(self, value: Value, place: Place) -> None:
        self.outward += [use for use in uses_of(value, place) if use.node not in self.draft.nodes]

    def _check_types(self, node: Draft) -> None:
        for key, kind in (("when", "boolean"), ("over", "array"), ("concurrency", "integer")):
            if key in node.outer:
                check_kind(node.outer[key], Place(self.scope, under(node.path, key)), kind)
        if node.use == "if" and "condition" in node.inputs:
            check_kind(node.inputs["condition"], Place(self.scope, f"{node.path}.with.condition"), "boolean")
        for name, value in node.conditions:
            check_kind(value, Place(self.scope, f"{node.path}.with.cases.{name}"), "boolean")
        if node.type is not None:
            check_inputs(node, node.type, self.scope)

    def _wrong_ports(self) -> bool:
        """Whether `after` names nodes or ports that do not exist; says so."""
        wrong = False
        for node in self.draft.nodes.values():
            for named in (each for wait in node.waits for each in wait.named):
                other = self.draft.nodes.get(named.node)
                if other is None:
                    wrong = True
                    self.findings.error(
                        named.path,
                        "unknown_node",
                        f"there is no node `{brief(named.node)}` here",
                        self._unknown(named.node),
                    )
                elif named.port is not None and (reason := _no_port(other, named.port, self.findings)):
                    wrong = True
                    self.findings.error(named.path, "unknown_port", *reason)
        return wrong

    def _unknown(self, name: str) -> str:
        around = self.scope.parent.holder(name) if self.scope.parent else None
        if around is not None and name in around.nodes:
            return "`after` names nodes of the same body; what is outside is waited for by the whole body"
        return self.findings.suggest(name, self.draft.nodes)

    def _check_order(self, needs: Mapping[str, tuple[Need, ...]]) -> None:
        waiting = waiting_for(needs)
        found = list(islice(cycles(waiting), _MAX_CYCLES))
        for cycle in found:
            self._say_cycle(cycle)
        if found:
            return
        for each in unreachable(self.draft.nodes, needs, waiting):
            say = self.findings.error if each.certain else self.findings.warn
            say(self.draft.nodes[each.node].path, "unreachable", f"`{each.node}` can never run: {each.reason}")

    def _say_cycle(self, cycle: list[str]) -> None:
        path = self.draft.nodes[cycle[0]].path
        if len(cycle) == 1:
            self.findings.error(path, "cycle", f"`{cycle[0]}` waits for itself", "a node cannot use its own output")
            return
        drawn = " → ".join(_shortened([*cycle, cycle[0]]))
        self.findings.error(path, "cycle", f"these nodes wait for each other: {drawn}", "a `loop` repeats nodes")

    def _node(self, draft: Draft, wires: Wires, handled: bool) -> Node:  # noqa: FBT001  # one of the node's own facts
        outer = draft.outer
        return Node(
            id=draft.id,
            use=draft.use,
            definition=draft.definition,
            needs=wires.needs,
            handled=handled,
            on_error=draft.on_error,
            when=outer.get("when"),
            with_=draft.inputs,
            timeout=outer.get("timeout"),
            retry=draft.retry,
            pool=draft.pool,
            body=self.inner.get(draft.id),
            over=outer.get("over"),
            item_name=draft.item_name,
            concurrency=outer.get("concurrency"),
            max_items=draft.max_items,
            carry=outer.get("carry"),
            until=draft.until,
            max_turns=draft.max_turns,
            cases=draft.cases,
            conditions=draft.conditions,
        )


def _no_port(node: Draft, port: str, findings: Findings) -> tuple[str, str] | None:
    """Why the node has no such port, and a hint."""
    ports = node.ports
    if ports is None or port == "error" or port in ports:
        return None
    known = (*ports, "error")
    hint = findings.suggest(port, known) or f"it has: {', '.join(known)}"
    return f"`{node.id}` has no port `{brief(port)}`", hint


def _shortened(names: list[str], limit: int = 12) -> Iterable[str]:
    return names if len(names) <= limit else [*names[: limit - 2], "…", names[-1]]
