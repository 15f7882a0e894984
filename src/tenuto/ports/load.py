"""How busy a host is at this moment: worked out when somebody asks, counted by nobody along the way."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Load:
    """`resident`: runs in memory, of which `at_work` have something in flight. `queued`: runs that wait for their turn.
    `attempts`: nodes that run, or wait for a place in their pool. `timers`: times that are waited for."""

    resident: int
    at_work: int
    queued: int
    attempts: int
    threads: int
    threads_busy: int
    timers: int


class Loaded(Protocol):
    def load(self) -> Load: ...
