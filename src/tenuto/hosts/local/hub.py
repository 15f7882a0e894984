"""Who looks on: watchers of runs, observers of all, and those who wait for an outcome. Knows nothing of the runs themselves.

Telling costs a look-up in an empty dictionary while nobody looks on.
"""

import asyncio
from collections.abc import Callable, Sequence

from tenuto.core.events import Fact
from tenuto.ports.engine import Live, Outcome
from tenuto.ports.feed import Listener, Observer, Tape
from tenuto.ports.journal import RunEntry


class Hub:
    def __init__(self) -> None:
        self.listeners: dict[str, list[Listener]] = {}
        self.observers: list[Observer] = []
        self.tapes: list[Tape] = []
        self._asking: set[str] = set()  # runs of which observers were told that they wait for a word
        self._waiting: dict[str, list[tuple[asyncio.Future[Outcome], frozenset[str]]]] = {}

    def listen(self, run: str, listener: Listener) -> Callable[[], None]:
        """From now on the listener is told of this run; the answer ends that."""
        self.listeners.setdefault(run, []).append(listener)
        return lambda: self._leave(run, listener)

    def tell(self, live: Live) -> None:
        for listener in tuple(self.listeners.get(live.run, ())):
            listener(live)

    def durable(self, entry: RunEntry, first: int, facts: Sequence[Fact], status: str | None) -> None:
        """Facts of a run, from that seq on, are on the disk. `status`: what it became by them."""
        for tape in self.tapes:
            tape(entry, first, facts)
        if entry.id in self.listeners:
            for seq, fact in enumerate(facts, first):
                self.tell(Live(entry.id, "fact", getattr(fact, "path", ""), seq, fact))
            if status is not None:
                self.tell(Live(entry.id, "status", data=status))
        if status is not None:
            self.became(entry.id, entry.name, status)

    def observe(self, observer: Observer) -> Callable[[], None]:
        self.observers.append(observer)
        return lambda: self.observers.remove(observer)

    def record(self, tape: Tape) -> Callable[[], None]:
        self.tapes.append(tape)
        return lambda: self.tapes.remove(tape)

    def recorded(self, entry: RunEntry, *, status: bool, asks: bool) -> None:
        """Tell the observers, where there is something to tell. `status`: it changed. `asks`: it waits for a word now."""
        if not status and not asks and entry.id not in self._asking:
            return
        if asks:
            self._asking.add(entry.id)
        else:
            self._asking.discard(entry.id)
        for observer in tuple(self.observers):
            observer(entry, asks)

    def relabelled(self, entry: RunEntry) -> None:
        self.recorded(entry, status=True, asks=entry.id in self._asking)

    def outcome(self, run: str, until: frozenset[str] = frozenset()) -> "asyncio.Future[Outcome]":
        """Set when the run has ended, or comes to one of the statuses."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(run, []).append((future, until))
        future.add_done_callback(lambda done: self._left(run, done))
        return future

    def ended(self, outcome: Outcome) -> None:
        for future, _ in self._waiting.pop(outcome.id, ()):
            if not future.done():
                future.set_result(outcome)

    def became(self, run: str, name: str, status: str) -> None:
        for future, until in tuple(self._waiting.get(run, ())):
            if status in until and not future.done():
                future.set_result(Outcome(run, name, status))

    def broke(self, run: str | None, error: BaseException) -> None:
        """Nobody will learn how this run (None: any run) ends."""
        for each in [run] if run is not None else list(self._waiting):
            for future, _ in self._waiting.pop(each, ()):
                if not future.done():
                    future.set_exception(error)

    def _leave(self, run: str, listener: Listener) -> None:
        listeners = self.listeners.get(run, [])
        if listener in listeners:
            listeners.remove(listener)
        if not listeners:
            self.listeners.pop(run, None)

    def _left(self, run: str, future: "asyncio.Future[Outcome]") -> None:
        kept = [pair for pair in self._waiting.get(run, ()) if pair[0] is not future]
        if kept:
            self._waiting[run] = kept
        else:
            self._waiting.pop(run, None)
