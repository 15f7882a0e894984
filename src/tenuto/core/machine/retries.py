"""Whether a failed attempt is followed by another, and when."""

from typing import Final

from tenuto.core import events, inputs
from tenuto.core.machine.state import Error, NodeState

# Kinds of failure that another attempt would only repeat.
NEVER_RETRIED: Final = frozenset({"input", "expression", "permission"})


def failure(ns: NodeState, error: Error, what: inputs.Failed) -> events.Fact:
    """Another attempt, or the end of the node."""
    due = _next_attempt(ns, what.kind, what.at, what.jitter, what.retry_after) if what.retry else None
    if due is None:
        return events.NodeFailed(what.at, what.path, error, what.attempt, what.started_at, ns.input, what.usage)
    return events.NodeRetrying(
        what.at, what.path, what.attempt, due, error, what.started_at, ns.input, what.usage, what.fresh
    )


def _next_attempt(ns: NodeState, kind: str, at: float, jitter: float, retry_after: float | None) -> float | None:
    """When the next attempt is due, if the node has one left and the failure is worth one."""
    retry = ns.node.retry
    if ns.scope.ending is not None or ns.attempt >= retry.attempts or kind in NEVER_RETRIED:
        return None
    if retry.on and kind not in retry.on:
        return None
    delay = min(retry.max_delay, retry.delay * retry.backoff ** min(ns.attempt - 1, 64))
    return at + max(delay * (1 + jitter / 4), retry_after or 0)
