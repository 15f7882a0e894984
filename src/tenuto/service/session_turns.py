"""Turns in the sessions of agents: one message at a time, in the order in which their runs were accepted.

The line is durable; whether somebody in it still has something to say is asked of the runs themselves. A node has its turn
until it has an outcome (or will never have one: it was cancelled). Then the next one is told. If that word is lost with the
process it is said again when the runs have been taken over.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final, Protocol

from tenuto.core.events import Fact
from tenuto.ports.agent_house import Surroundings
from tenuto.ports.engine import Refused
from tenuto.ports.journal import Closed, RunEntry, StorageFull
from tenuto.ports.records import Unavailable
from tenuto.ports.session_lines import Place
from tenuto.sdk.agents.conversation import Ahead, turn_signal
from tenuto.sdk.errors import NodeError

# Facts after which a node that was under way still is.
_GOING_ON: Final = frozenset(
    {"node.started", "node.suspended", "node.retrying", "step.started", "step.recorded", "steps.dropped",
     "signal.received", "timer.set", "timer.fired"}
)  # fmt: skip
_AWAY: Final = (Refused, Closed, StorageFull, Unavailable)  # who waits looks again by itself


class Lines(Protocol):
    """`ports.session_lines`, each in a transaction of its own."""

    async def join(self, place: Place) -> Place: ...

    async def leave(self, place: Place) -> Place | None: ...

    async def places(self) -> list[Place]: ...


class SessionTurns:
    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._runs: Surroundings | None = None
        self._places: dict[str, set[Place]] = {}  # by run: of which an outcome has to be noticed
        self._knowing = asyncio.Lock()
        self._read = False
        self._tasks: set[asyncio.Task[None]] = set()

    def attend(self, runs: Surroundings) -> None:
        """From now on the outcomes of these runs move the lines."""
        self._runs = runs
        runs.record(self._told)

    async def recovered(self) -> None:
        """Whoever has a turn that it was not told of, is told."""
        with suppress(*_AWAY):
            await self._know()
            for place in [place for place in await self._lines.places() if place.turn]:
                if await self._standing(place) is None:
                    await self._over(place)
                elif self._waits(place):
                    await self._tell(place)

    async def turn(self, tenant: str, session: str, run: str, path: str) -> Ahead | None:
        await self._know()
        place = Place(tenant, session, run, path)
        self._notice(place)
        own = await self._standing(place)
        if own is None:
            raise NodeError("its run has ended", type="session", retry=False)
        place = replace(place, since=own.created_at)
        while (first := await self._lines.join(place)) != place:
            ahead = await self._standing(first)
            if ahead is not None:
                return Ahead(ahead.id, ahead.name)
            await self._over(first, asking=place)
        return None

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- who is in line

    async def _know(self) -> None:
        """Read once: the lines of an earlier process."""
        async with self._knowing:
            if not self._read:
                for place in await self._lines.places():
                    self._notice(place)
            self._read = True

    def _notice(self, place: Place) -> None:
        self._places.setdefault(place.run, set()).add(place)

    @property
    def _attended(self) -> Surroundings:
        if self._runs is None:
            raise NodeError("no sessions are held here", type="session", retry=False)
        return self._runs

    async def _standing(self, place: Place) -> RunEntry | None:
        return await self._attended.standing(place.run, place.path)

    # --- what became of them

    def _told(self, entry: RunEntry, _first: int, facts: Sequence[Fact]) -> None:
        if entry.id in self._places and any(fact.type not in _GOING_ON for fact in facts):
            task = asyncio.get_running_loop().create_task(self._look(entry.id))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _look(self, run: str) -> None:
        with suppress(*_AWAY):
            for place in list(self._places.get(run, ())):
                if await self._standing(place) is None:
                    await self._over(place)
                    self._forget(place)

    def _forget(self, place: Place) -> None:
        left = self._places.get(place.run, set())
        left.discard(place)
        if not left:
            self._places.pop(place.run, None)

    async def _over(self, place: Place, *, asking: Place | None = None) -> None:
        """It has said all that it has to say; so may others have that stand behind it. `asking`: looks by itself."""
        gone: Place | None = place
        while gone is not None:
            first = await self._lines.leave(gone)
            if first is None or first == asking:
                return
            gone = None if await self._standing(first) is not None else first
            if gone is None:
                await self._tell(first)

    def _waits(self, place: Place) -> bool:
        asks = self._attended.asks(place.run) or ()
        return any(ask.name == turn_signal(place.path) for ask in asks)

    async def _tell(self, place: Place) -> None:
        with suppress(Refused):  # it has ended in this moment
            await self._attended.signal(place.run, turn_signal(place.path), None)
