"""The machine: a run as a pure function of what happened to it.

    state = new_state(flow, about)
    facts = decide(state, inputs.Start(at=now))   # make them durable …
    commands = take(state)                        # … then carry these out, and tell `decide` what came of them

`evolve` is the fold that a replay uses; after it, `decide(state, Resume(…))` and `todo(state)`.
"""

from tenuto.core.flow.model import Flow
from tenuto.core.machine.decide import decide, proceed, take, todo
from tenuto.core.machine.evolve import evolve
from tenuto.core.machine.names import bind
from tenuto.core.machine.origin import node_at, origin_of
from tenuto.core.machine.refusal import refusal
from tenuto.core.machine.signals import BUDGET, PAUSE, RESUME, wait_for, waits_of
from tenuto.core.machine.snapshot import restore, snapshot
from tenuto.core.machine.state import About, NodeState, Origin, Result, State, about_of
from tenuto.core.machine.table import NODE, RUN, diagram


def new_state(flow: Flow, about: About, origin: Origin | None = None) -> State:
    """A run of which nothing has happened yet."""
    return State(flow, about, origin)


__all__ = [
    "BUDGET",
    "NODE",
    "PAUSE",
    "RESUME",
    "RUN",
    "About",
    "NodeState",
    "Origin",
    "Result",
    "State",
    "about_of",
    "bind",
    "decide",
    "diagram",
    "evolve",
    "new_state",
    "node_at",
    "origin_of",
    "proceed",
    "refusal",
    "restore",
    "snapshot",
    "take",
    "todo",
    "wait_for",
    "waits_of",
]
