"""Signals: kept per name in order of arrival, each for one wait, the oldest first."""

from collections import deque
from typing import Final

from tenuto.core.durations import format_timestamp
from tenuto.core.machine.state import Json, NodeState, State

KEPT: Final = 1_000  # of one name

# Signals to the run itself, whatever its flow waits for.
BUDGET: Final = "budget"
PAUSE: Final = "run.pause"
RESUME: Final = "run.resume"


def keep(state: State, name: str, signal: Json) -> None:
    """A signal arrived: give it to the oldest that waits for it, or keep it."""
    state.signals.setdefault(name, deque()).append(signal)
    _match(state, name)


def await_signal(state: State, ns: NodeState) -> None:
    """The node waits from now on (`ns.awaits`, `since`); a kept signal answers at once."""
    assert ns.awaits is not None
    ns.awaits["since"] = state.at
    name: str = ns.awaits["signal"]
    state.waiters.setdefault(name, deque()).append(ns)
    _match(state, name)


def _match(state: State, name: str) -> None:
    kept, waiters = state.signals.get(name), state.waiters.get(name)
    while kept and waiters:
        ns = waiters.popleft()
        state.judge(ns, "answer", kept.popleft())
    if kept is not None and not kept:
        del state.signals[name]
    if waiters is not None and not waiters:
        del state.waiters[name]


def approval_output(signal: Json) -> tuple[str, Json]:
    """The port and the output of an approval that got this answer."""
    _, payload, by, at = signal
    port = "approved" if payload.get("approved") is True else "rejected"
    return port, {"by": by, "at": format_timestamp(at), "comment": payload.get("comment"), "form": payload.get("form")}
