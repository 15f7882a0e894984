"""The machine as a table: what may become of a node and of a run, and through what. The docs' diagrams are drawn from it.

Rows are statuses, columns are causes; what stands in a cell is the next status. A cause that has no cell in a row
cannot happen there: `decide` lets such an input pass without facts.
"""

from collections.abc import Mapping
from typing import Final

# Causes that are facts bear the fact's name; the others are what the fold itself works out:
#   ready    its needs hold and it runs, or its body opened      waits    its needs hold and it waits for a signal or a time
#   due      its next attempt may run                            stopped  the flow it stands in ends
#   heard    it failed under `on_error: continue`
NODE: Final[Mapping[str, Mapping[str, str]]] = {
    "pending": {
        "ready": "running",
        "waits": "waiting",
        "node.succeeded": "succeeded",
        "node.failed": "failed",
        "heard": "skipped",
        "node.skipped": "skipped",
        "node.reused": "reused",
        "stopped": "cancelled",
    },
    "running": {
        "node.succeeded": "succeeded",
        "node.failed": "failed",
        "heard": "skipped",
        "node.retrying": "retrying",
        "node.suspended": "waiting",
        "node.unknown": "unknown",
        "node.reused": "reused",
        "stopped": "cancelled",
    },
    "retrying": {"due": "running", "stopped": "cancelled"},
    "waiting": {
        "due": "running",
        "node.succeeded": "succeeded",
        "node.failed": "failed",
        "heard": "skipped",
        "node.reused": "reused",
        "stopped": "cancelled",
    },
    # A node in doubt stays so when its flow ends: nobody has decided.
    "unknown": {
        "due": "running",
        "node.succeeded": "succeeded",
        "node.failed": "failed",
        "heard": "skipped",
        "stopped": "unknown",
    },
    "succeeded": {},
    "failed": {},
    "skipped": {},
    "reused": {},
    "cancelled": {},
}

SETTLED: Final = frozenset(status for status, row in NODE.items() if not row)

RUN: Final[Mapping[str, Mapping[str, str]]] = {
    "new": {"run.queued": "queued", "run.started": "running"},
    "queued": {"run.started": "running", "run.cancelled": "cancelled"},
    "running": {
        "nothing in flight": "waiting",
        "run.succeeded": "succeeded",
        "run.failed": "failed",
        "run.cancelled": "cancelled",
    },
    "waiting": {
        "something due": "running",
        "run.succeeded": "succeeded",
        "run.failed": "failed",
        "run.cancelled": "cancelled",
    },
    "succeeded": {},
    "failed": {},
    "cancelled": {},
}


def diagram(table: Mapping[str, Mapping[str, str]]) -> str:
    """The table as a Mermaid state diagram."""
    first = next(iter(table))
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    for status, row in table.items():
        by_target: dict[str, list[str]] = {}
        for cause, target in row.items():
            by_target.setdefault(target, []).append(cause)
        lines += [f"    {status} --> {target}: {', '.join(causes)}" for target, causes in by_target.items()]
        if not row:
            lines.append(f"    {status} --> [*]")
    return "\n".join(lines)
