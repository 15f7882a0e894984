"""What waits for what in one body (SEMANTICS 7 to 13): the needs of each node from `after` and from its references.

Nothing here depends on a library, so that a pinned document is wired the same way wherever it is read again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from tenuto.core.flow.draft import Draft
from tenuto.core.flow.model import UNHAPPY_PORTS, Entry, Need
from tenuto.core.flow.scope import Use

_ERROR: Final = frozenset({"error"})


@dataclass(slots=True, frozen=True)
class Wires:
    """`hears`: siblings whose failure this node is there to handle."""

    needs: tuple[Need, ...]
    hears: frozenset[str]


@dataclass(slots=True)
class _Reading:
    """All that the expressions of one node say of one sibling."""

    optional: bool = False
    plain: bool = False
    error: bool = False
    port: bool = False
    optional_error: bool = False

    def add(self, use: Use) -> None:
        self.optional |= use.optional
        self.error |= use.error and not use.optional
        self.optional_error |= use.error and use.optional
        self.port |= use.port and not use.optional
        self.plain |= not (use.optional or use.error or use.port)


def wire(draft: Draft, uses: Iterable[Use], siblings: Mapping[str, Draft]) -> Wires:
    """The needs of one node. `uses` are those of siblings only."""
    readings: dict[str, _Reading] = {}
    for use in uses:
        readings.setdefault(use.node, _Reading()).add(use)
    needs = _from_after(draft)
    named = _mentions(needs)
    hears = {entry.node for need in needs for entry in need.entries if entry.ports and "error" in entry.ports}
    for node, reading in readings.items():
        if node in named:
            if reading.optional_error or reading.error:
                hears |= {node} if any(need.kind != "single" for need in named[node]) else set()
        else:
            needs += _from_reading(node, reading, siblings[node])
            hears |= {node} if reading.error or reading.optional_error else set()
    return Wires(tuple(dict.fromkeys(needs)), frozenset(hears))


def _from_after(draft: Draft) -> list[Need]:
    return [
        Need(
            wait.kind,
            tuple(Entry(each.node, None if each.port is None else frozenset({each.port})) for each in wait.named),
        )
        for wait in draft.waits
    ]


def _mentions(needs: Iterable[Need]) -> dict[str, list[Need]]:
    found: dict[str, list[Need]] = {}
    for need in needs:
        for node in dict.fromkeys(entry.node for entry in need.entries):
            found.setdefault(node, []).append(need)
    return found


def _from_reading(node: str, reading: _Reading, sibling: Draft) -> list[Need]:
    needs: list[Need] = []
    if reading.plain:
        needs.append(Need("single", (Entry(node),)))
    if reading.error:
        needs.append(Need("single", (Entry(node, _ERROR),)))
    if reading.port and not needs:
        needs.append(Need("single", (Entry(node, _any_port(sibling)),)))
    return needs or [Need("settled", (Entry(node),))]


def _any_port(sibling: Draft) -> frozenset[str] | None:
    """Who asks which port fired waits for any of them, the unhappy ones of structure nodes included."""
    if sibling.kind.pool or UNHAPPY_PORTS.isdisjoint(sibling.kind.ports):
        return None
    return frozenset(sibling.kind.ports)


def dependents(needs: Mapping[str, tuple[Need, ...]]) -> dict[str, tuple[tuple[str, int], ...]]:
    """For each node, who has a need that mentions it."""
    found: dict[str, list[tuple[str, int]]] = {}
    for node, all_needs in needs.items():
        for index, need in enumerate(all_needs):
            for name in dict.fromkeys(entry.node for entry in need.entries):
                found.setdefault(name, []).append((node, index))
    return {name: tuple(pairs) for name, pairs in found.items()}
