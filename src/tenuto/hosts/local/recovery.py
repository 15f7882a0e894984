"""What a host says of a run that it took over."""

from dataclasses import dataclass

from tenuto.core.commands import RunNode
from tenuto.core.machine import State
from tenuto.ports.journal import RunEntry

_RECORDED = frozenset({"succeeded", "failed", "reused"})


@dataclass(slots=True, frozen=True)
class Recovered:
    """`at` of `total` nodes of the flow itself; `reused`: their results stand. `repeated`: `once` effects that would run
    a second time, which never happens unasked; `doubtful`: those that wait for a person instead."""

    run: str
    name: str
    flow: str
    status: str
    at: int
    total: int
    reused: int
    repeated: int
    doubtful: int
    trouble: str | None = None  # why it could not be taken over; it stays as it is


def untaken(entry: RunEntry, trouble: str) -> Recovered:
    """A run that cannot be gone on with here."""
    return Recovered(entry.id, entry.name, entry.flow, entry.status, 0, 0, 0, 0, 0, trouble)


def recovered(state: State, name: str) -> Recovered:
    nodes = state.root.nodes.values()
    total = len(state.flow.body.nodes)
    settled = sum(1 for ns in nodes if ns.settled)
    return Recovered(
        run=state.about.run,
        name=name,
        flow=state.flow.name,
        status=state.status,
        at=min(settled + 1, total),
        total=total,
        reused=sum(1 for ns in nodes if ns.status in _RECORDED),
        repeated=sum(1 for command in state.todo.values() if isinstance(command, RunNode) and command.started),
        doubtful=sum(1 for ns in state.nodes.values() if ns.status == "unknown"),
    )
