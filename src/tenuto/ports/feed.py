"""What a host tells as it happens, at once and on the event loop: what streams, cached views and inboxes are fed by.

Everything told as recorded is durable. A listener must be quick and must not raise: runs wait for it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tenuto.core.events import Fact
from tenuto.ports.engine import Live
from tenuto.ports.journal import RunEntry

Json = object

Listener = Callable[[Live], None]
# A run was recorded anew: its line in the index as it now is, and whether it waits for a word from outside.
Observer = Callable[[RunEntry, bool], None]
# The facts of one run that were made durable together, the first one's seq, and the run's line in the index after them.
Tape = Callable[[RunEntry, int, Sequence[Fact]], None]
Leave = Callable[[], None]


@dataclass(slots=True, frozen=True)
class Ask:
    """What one node waits to be told from outside. `name`: of the signal that answers it. `ask`: the question, its form.

    `since`: when it came to wait.
    """

    path: str
    name: str
    kind: str  # "approval" | "signal"
    since: float
    due: float | None = None
    ask: Mapping[str, Json] = field(default_factory=dict[str, Json])


class Feed(Protocol):
    def listen(self, run: str, listener: Listener) -> Leave:
        """From now on the listener is told of this run; calling the answer ends that."""
        ...

    def observe(self, observer: Observer) -> Leave:
        """From now on the observer is told of every run that changes status, or waits, or no longer does."""
        ...

    def record(self, tape: Tape) -> Leave:
        """From now on the tape is given every fact of every run. It must do no more than keep it for later."""
        ...

    def asks(self, run: str) -> list[Ask] | None:
        """What a run that is in memory waits for from outside; None if it is not there."""
        ...

    def present(self, run: str) -> list[Live]:
        """The attempts of a run that is in memory: that each runs (`at`: since when), and what it has said since it last
        recorded something, as deltas."""
        ...
