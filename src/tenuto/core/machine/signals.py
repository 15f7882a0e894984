"""Signals: kept per name in order of arrival, each for one wait, the oldest first."""

from collections import deque
from collections.abc import Iterator
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


def waits_of(ns: NodeState) -> Iterator[dict[str, Json]]:
    """What the node waits for. A library node may wait for several things at once (`also`), and each answer wakes it."""
    if ns.awaits is not None:
        yield ns.awaits
        yield from ns.awaits.get("also", ())


def wait_for(ns: NodeState, name: str) -> dict[str, Json] | None:
    """The wait of the node that a signal of this name answers."""
    return next((wait for wait in waits_of(ns) if wait.get("signal") == name), None)


def set_waits(ns: NodeState, waits: list[dict[str, Json]]) -> None:
    ns.awaits = None
    if waits:
        first, *more = ({name: said for name, said in wait.items() if name != "also"} for wait in waits)
        ns.awaits = {**first, "also": more} if more else first


def await_signal(state: State, ns: NodeState) -> None:
    """The node waits from now on (`ns.awaits`, `since`); a kept signal answers at once."""
    names = [wait["signal"] for wait in waits_of(ns)]
    for wait in waits_of(ns):
        wait.setdefault("since", state.at)
    for name in names:
        state.waiters.setdefault(name, deque()).append(ns)
    for name in names:
        _match(state, name)


def answered(state: State, ns: NodeState, key: str) -> None:
    """One of its waits has its answer on record; a kept signal answers the next one."""
    waits = list(waits_of(ns))
    rest = [wait for wait in waits if wait.get("key") != key]
    if len(rest) == len(waits):
        return
    set_waits(ns, rest)
    if ns.verdict is not None and not (ns.verdict.kind == "overslept" and _has_more(ns, ns.verdict.data)):
        ns.verdict = None
    for name in [wait["signal"] for wait in rest]:
        _match(state, name)


def _has_more(ns: NodeState, keys: list[str]) -> bool:
    return any(key not in (ns.steps or {}) for key in keys or ())


def _match(state: State, name: str) -> None:
    kept, waiters = state.signals.get(name), state.waiters.get(name)
    while kept and waiters and not _has_answer(waiters[0]):
        ns = waiters.popleft()
        waits = list(waits_of(ns))
        if len(waits) > 1:  # the one that is answered stands first, where the answer looks for its key
            set_waits(ns, sorted(waits, key=lambda wait: wait["signal"] != name))
        state.judge(ns, "answer", kept.popleft())
    if kept is not None and not kept:
        del state.signals[name]
    if waiters is not None and not waiters:
        del state.waiters[name]


def _has_answer(ns: NodeState) -> bool:
    """Whether an answer of another wait of the node is to be recorded first."""
    return ns.verdict is not None and ns.verdict.kind in ("answer", "overslept")


def approval_output(signal: Json) -> tuple[str, Json]:
    """The port and the output of an approval that got this answer."""
    _, payload, by, at = signal
    port = "approved" if payload.get("approved") is True else "rejected"
    return port, {"by": by, "at": format_timestamp(at), "comment": payload.get("comment"), "form": payload.get("form")}
