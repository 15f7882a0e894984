"""Admission across runs: how many runs of one flow and key are open at once (`concurrency` of a flow).

A run holds its place from its start to its end, waiting or not. Nothing here is recorded: after a restart the places
are worked out again from the runs that have not ended. A null key means no limit.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tenuto.core.expressions import ExpressionError
from tenuto.core.flow import Flow
from tenuto.core.machine import About
from tenuto.core.values import NOTHING, canonical
from tenuto.ports.engine import Refused

Key = tuple[str, str, str]  # tenant, flow, key
Answer = Literal["start", "queue"]


@dataclass(slots=True)
class Place:
    limit: int
    holders: OrderedDict[str, None] = field(default_factory=OrderedDict[str, None])  # oldest first
    queue: OrderedDict[str, None] = field(default_factory=OrderedDict[str, None])
    doomed: set[str] = field(default_factory=set[str])  # cancelled for a newer one, and not ended yet

    def doom_oldest(self) -> str | None:
        """The oldest that nobody has cancelled for a newer one, wherever it stands."""
        oldest = next((run for run in (*self.holders, *self.queue) if run not in self.doomed), None)
        if oldest is not None:
            self.doomed.add(oldest)
        return oldest

    def admit(self) -> list[str]:
        """Those of the queue that there is a place for now."""
        admitted: list[str] = []
        while self.queue and len(self.holders) < self.limit:
            run, _ = self.queue.popitem(last=False)
            self.holders[run] = None
            admitted.append(run)
        return admitted


class Admission:
    def __init__(self) -> None:
        self._places: dict[Key, Place] = {}
        self._keys: dict[str, Key] = {}  # run → where it stands

    def ask(self, flow: Flow, about: About) -> tuple[Answer, str | None]:
        """Whether a new run may start or is queued, and the run that has to be cancelled for it. Raises `Refused`."""
        concurrency, key = flow.concurrency, key_of(flow, about)
        if concurrency is None or key is None:
            return "start", None
        place = self._place(key, concurrency.limit)
        if len(place.holders) < concurrency.limit and not place.queue:
            self._keys[about.run] = key
            place.holders[about.run] = None
            return "start", None
        if concurrency.when_full == "reject":
            message = f"{concurrency.limit} runs of `{flow.name}` are open, which is its limit"
            raise Refused("full", message, "try again when one has ended")
        oldest = place.doom_oldest() if concurrency.when_full == "cancel_oldest" else None
        self._keys[about.run] = key
        place.queue[about.run] = None
        return "queue", oldest

    def restore(self, flow: Flow, about: About, *, queued: bool) -> None:
        """After a restart: this run holds its place, or stands in the queue."""
        key = key_of(flow, about)
        if flow.concurrency is None or key is None:
            return
        self._keys[about.run] = key
        place = self._place(key, flow.concurrency.limit)
        (place.queue if queued else place.holders)[about.run] = None

    def leave(self, run: str) -> list[str]:
        """The run has ended, or never began: who may start in its stead."""
        key = self._keys.pop(run, None)
        place = self._places.get(key) if key is not None else None
        if key is None or place is None:
            return []
        place.holders.pop(run, None)
        place.queue.pop(run, None)
        place.doomed.discard(run)
        admitted = place.admit()
        if not place.holders and not place.queue:
            del self._places[key]
        return admitted

    def admit_all(self) -> list[str]:
        """After a restart, when every run has been restored."""
        return [run for place in self._places.values() for run in place.admit()]

    def stands(self, run: str) -> bool:
        """Whether it holds a place, or is queued for one."""
        return run in self._keys

    def is_queued(self, run: str) -> bool:
        key = self._keys.get(run)
        return key is not None and run in self._places[key].queue

    def _place(self, key: Key, limit: int) -> Place:
        place = self._places.setdefault(key, Place(limit))
        place.limit = limit  # the newest version of the flow says
        return place


def key_of(flow: Flow, about: About) -> Key | None:
    """Where the run counts; None if nothing limits it."""
    concurrency = flow.concurrency
    if concurrency is None:
        return None
    if concurrency.key is None:
        return about.tenant, flow.name, ""
    try:
        value = concurrency.key.evaluate(names_of(about))
    except ExpressionError as error:
        raise Refused("invalid", f"the key of `concurrency` cannot be told: {error}") from None
    if value is None or value is NOTHING:
        return None
    return about.tenant, flow.name, canonical(value)


def names_of(about: About) -> Mapping[str, Any]:
    """What an expression of the flow itself may name before the run has begun."""
    run = {"id": about.run, "name": about.name, "tenant": about.tenant, "stage": about.stage}
    return {"input": about.input, "vars": about.vars, "trigger": about.trigger, "run": run}
