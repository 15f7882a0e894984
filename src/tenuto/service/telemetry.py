"""What happened, told in the background to who counts and traces: nothing of it is done while a run waits.

The host puts what it recorded on a tape; four times a second a thread plays it. A tape that gets too long is cut at its
beginning (`dropped` says how much): figures may lack, runs never wait.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from tenuto.core.events import Fact
from tenuto.ports.journal import RunEntry

INTERVAL: Final = 0.25  # seconds
LONGEST: Final = 100_000  # turns of runs

Turn = tuple[RunEntry, int, Sequence[Fact]]

_log = logging.getLogger("tenuto.telemetry")


class Sink(Protocol):
    def fold(self, entry: RunEntry, first: int, facts: Sequence[Fact]) -> None:
        """Facts of one run, the first with this seq. Called on a thread, in the order of each run."""
        ...


class Telemetry:
    """A `feed.Tape`."""

    def __init__(self, *sinks: Sink) -> None:
        self.sinks = list(sinks)
        self.dropped = 0
        self.lag = 0.0  # seconds by which the event loop was late, of late
        self._tape: deque[Turn] = deque()

    def __call__(self, entry: RunEntry, first: int, facts: Sequence[Fact]) -> None:
        if len(self._tape) >= LONGEST:
            self._tape.popleft()
            self.dropped += 1
        self._tape.append((entry, first, facts))

    async def work(self) -> None:
        """Until it is cancelled; what was on the tape then is played first."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                due = loop.time() + INTERVAL
                await asyncio.sleep(INTERVAL)
                self.lag = max(loop.time() - due, 0.0)
                if self._tape:
                    await asyncio.to_thread(self.play)
        finally:
            self.play()

    def play(self) -> None:
        while self._tape:
            with contextlib.suppress(IndexError):  # it was cut meanwhile
                entry, first, facts = self._tape.popleft()
                for sink in self.sinks:
                    self._give(sink, entry, first, facts)

    def _give(self, sink: Sink, entry: RunEntry, first: int, facts: Sequence[Fact]) -> None:
        try:
            sink.fold(entry, first, facts)
        except Exception:  # noqa: BLE001  a fault in a figure must not cost the others theirs
            _log.exception("telemetry", extra={"run": entry.id})
