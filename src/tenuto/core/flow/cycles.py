"""Nodes that wait for each other: found without recursion, named in the order in which they are drawn."""

from collections.abc import Iterator, Mapping

from tenuto.core.flow.model import Need

Waiting = Mapping[str, frozenset[str]]


def waiting_for(needs: Mapping[str, tuple[Need, ...]]) -> dict[str, frozenset[str]]:
    """For each node, the nodes that it waits for."""
    return {
        node: frozenset(entry.node for need in each for entry in need.entries if entry.node in needs)
        for node, each in needs.items()
    }


def cycles(waiting: Waiting) -> Iterator[list[str]]:
    """One cycle for each knot of nodes, as `[a, b]`: b waits for a, and a for b. The first stands first in the document."""
    left = _stuck(waiting)
    while left:
        cycle = _walk(waiting, left)
        yield cycle
        left = _stuck({node: waiting[node] - set(cycle) for node in left if node not in cycle})


def _stuck(waiting: Waiting) -> dict[str, None]:
    """The nodes that could never run: on a cycle, or behind one."""
    open_: dict[str, int] = {}
    behind: dict[str, list[str]] = {}
    for node, others in waiting.items():
        present = [other for other in others if other in waiting]
        open_[node] = len(present)
        for other in present:
            behind.setdefault(other, []).append(node)
    free = [node for node, count in open_.items() if not count]
    for node in free:
        for dependent in behind.get(node, ()):
            open_[dependent] -= 1
            if not open_[dependent]:
                free.append(dependent)
    done = set(free)
    return dict.fromkeys(node for node in waiting if node not in done)


def _walk(waiting: Waiting, left: dict[str, None]) -> list[str]:
    """From any stuck node against the waiting one comes around sooner or later."""
    seen: dict[str, int] = {}
    trail: list[str] = []
    node = next(iter(left))
    while node not in seen:
        seen[node] = len(trail)
        trail.append(node)
        node = min(other for other in waiting[node] if other in left)
    found = trail[seen[node] :][::-1]
    order = {name: place for place, name in enumerate(left)}
    first = min(range(len(found)), key=lambda place: order[found[place]])
    return found[first:] + found[:first]
