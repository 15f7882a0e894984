"""Nodes that can never run, as far as `after` and references tell: a need that contradicts another, a port that never fires.

What it reports is certain; what it cannot follow (optional entries, ports of unknown types) it lets pass.
"""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from tenuto.core.flow.cycles import Waiting
from tenuto.core.flow.draft import Draft
from tenuto.core.flow.model import UNHAPPY_PORTS, Entry, Need

_MAX_KNOWN: Final = 64

# What must have happened when a node runs: which ports its branching predecessors can have fired. None: it never runs.
_Known = Mapping[str, frozenset[str]]


class Unreachable(NamedTuple):
    node: str
    certain: bool  # the document contradicts itself; otherwise it waits for what does not happen
    reason: str


def unreachable(
    nodes: Mapping[str, Draft], needs: Mapping[str, tuple[Need, ...]], waiting: Waiting
) -> Iterator[Unreachable]:
    """In a body without cycles; nodes behind an unreachable one are not named again."""
    branching = {
        entry.node for each in needs.values() for need in each for entry in need.entries if entry.ports is not None
    }
    known: dict[str, _Known | None] = {}
    for node in _in_order(waiting):
        verdict = _after_needs(node, needs[node], nodes, known, branching)
        if isinstance(verdict, Unreachable):
            known[node] = None
            if verdict.reason:
                yield verdict
        else:
            known[node] = verdict


def can_fire(draft: Draft) -> frozenset[str] | None:
    """The ports that may ever fire; None where they are not known."""
    if draft.use == "finish":
        return frozenset()
    ports = draft.ports
    if ports is None:
        return None
    found = {*ports, "error"}
    if draft.use in {"wait", "approval"} and (
        "timeout" not in draft.outer or (draft.use == "wait" and "signal" not in draft.inputs)
    ):
        found.discard("timeout")
    return frozenset(found)


def _after_needs(
    node: str,
    needs: tuple[Need, ...],
    nodes: Mapping[str, Draft],
    known: Mapping[str, _Known | None],
    branching: set[str],
) -> _Known | Unreachable:
    result: _Known = {}
    for need in needs:
        if need.kind == "settled":
            continue
        ways = [_way(entry, nodes, known, branching) for entry in need.entries]
        open_ = [way for way in ways if not isinstance(way, str)]
        if not open_:
            reasons = [way for way in ways if isinstance(way, str) and way]
            return Unreachable(node, certain=False, reason=reasons[0] if reasons else "")
        merged = _both(result, open_[0] if len(open_) == 1 else _either(open_))
        if isinstance(merged, str):
            return Unreachable(node, certain=True, reason=merged)
        result = merged
    return result


def _way(
    entry: Entry, nodes: Mapping[str, Draft], known: Mapping[str, _Known | None], branching: set[str]
) -> _Known | str:
    """What is known when the entry holds, or why it never does."""
    before = known.get(entry.node, {})
    if before is None:
        return ""
    possible = can_fire(nodes[entry.node])
    if possible is None:
        return before
    ports = possible - UNHAPPY_PORTS if entry.ports is None else entry.ports & possible
    if not ports:
        return _never(nodes[entry.node], entry)
    return _narrowed(before, {entry.node: ports}) if entry.node in branching else before


def _never(draft: Draft, entry: Entry) -> str:
    if draft.use == "finish":
        return f"`{draft.id}` ends what they stand in"
    if entry.ports is None:
        return f"`{draft.id}` always fails"
    return f"`{draft.id}` never fires `{'`, `'.join(sorted(entry.ports))}`"


def _narrowed(known: _Known, more: _Known) -> _Known | str:
    merged = _both(known, more)
    return "" if isinstance(merged, str) else merged


def _both(one: _Known, other: _Known) -> _Known | str:
    """Both hold; a text where they cannot."""
    if not other or one is other:
        return one
    if not one:
        return other
    merged = dict(one)
    for node, ports in other.items():
        mine = merged.get(node)
        if mine is None:
            if len(merged) < _MAX_KNOWN:
                merged[node] = ports
            continue
        if not mine & ports:
            return f"`{node}` would have to fire {_said(mine)} and {_said(ports)}"
        merged[node] = mine & ports
    return merged


def _either(ways: list[_Known]) -> _Known:
    shared = set(ways[0]).intersection(*ways[1:])
    return {node: frozenset(port for way in ways for port in way[node]) for node in shared}


def _said(ports: frozenset[str]) -> str:
    return " or ".join(f"`{port}`" for port in sorted(ports))


def _in_order(waiting: Waiting) -> list[str]:
    """Every node after those that it waits for."""
    open_ = {node: len(others) for node, others in waiting.items()}
    behind: dict[str, list[str]] = {}
    for node, others in waiting.items():
        for other in others:
            behind.setdefault(other, []).append(node)
    order = [node for node, count in open_.items() if not count]
    for node in order:
        for dependent in behind.get(node, ()):
            open_[dependent] -= 1
            if not open_[dependent]:
                order.append(dependent)
    return order
