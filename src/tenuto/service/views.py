"""Runs as `GET` shows them, kept ready: a run that is looked at again is folded further, never read again.

Of a run that goes on, the host tells what happens and its view is written anew when somebody looks. Of one that has
ended, only the answer is kept, and whether the run is still there is asked again after a moment.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, cast

import msgspec

from tenuto.ports.engine import Live
from tenuto.ports.feed import Feed, Leave
from tenuto.ports.journal import RunEntry
from tenuto.service.archive import Archive
from tenuto.service.aside import FACT, LARGE, aside
from tenuto.service.follow import Follower
from tenuto.service.named import named
from tenuto.service.projection import ENDED
from tenuto.service.runs import run_json

Json = object

KEPT: Final = 512  # runs
FRESH: Final = 1.0  # seconds that the line of a run in the index is taken for true
LARGEST: Final = 1_000_000  # bytes; the view of a run that is larger is made each time,
BROADEST: Final = LARGE // FACT  # and so is that of a flow with so many nodes, for it takes long to write


class _Seen:
    """One run that somebody looked at."""

    __slots__ = ("checked", "entry", "follower", "leave", "missed", "text")

    def __init__(self, entry: RunEntry, leave: Leave, checked: float) -> None:
        self.entry = entry
        self.leave = leave
        self.checked = checked
        self.follower: Follower | None = None
        self.missed: list[Live] = []  # told while the journal was being read
        self.text: bytes | None = None


class Views:
    """`clock`: monotonic. `number`: looks up under which numbers the flows of runs were saved."""

    def __init__(
        self,
        archive: Archive,
        feed: Feed,
        clock: Callable[[], float] = time.monotonic,
        number: "Number | None" = None,
    ) -> None:
        self._archive = archive
        self._number = number or _unknown
        self._feed = feed
        self._clock = clock
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._reading: dict[str, asyncio.Task[_Seen]] = {}

    def ready(self, word: str, tenant: str) -> bytes | None:
        """The run as JSON, if it is known by this id and nothing has to be read for it."""
        seen = self._seen.get(word)
        if seen is None or seen.entry.tenant != tenant or self._clock() - seen.checked > FRESH:
            return None
        self._seen.move_to_end(word)
        return self._text(seen)

    async def text(self, word: str, tenant: str) -> bytes:
        """The run of that id or name as JSON; refused if the tenant has none."""
        return self.ready(word, tenant) or self._text(await self._look(word, tenant))

    async def follower(self, word: str, tenant: str) -> tuple[RunEntry, Follower]:
        """What is known of a run, to look deeper into it."""
        entry = await self._entry(word, tenant)
        return entry, await self._numbered(entry)

    def forget(self, run: str) -> None:
        """It was deleted, or changed beside its facts."""
        seen = self._seen.pop(run, None)
        if seen is not None:
            seen.leave()

    def close(self) -> None:
        for run in list(self._seen):
            self.forget(run)

    async def _entry(self, word: str, tenant: str) -> RunEntry:
        return await named(self._archive, tenant, word)

    async def _look(self, word: str, tenant: str) -> _Seen:
        entry = await self._entry(word, tenant)
        seen = self._seen.get(entry.id)
        if seen is not None and seen.entry.labels == entry.labels:
            seen.checked = self._clock()
            return seen
        self.forget(entry.id)
        return await self._read(entry)

    async def _read(self, entry: RunEntry) -> _Seen:
        """However many look at once, the journal is read once."""
        reading = self._reading.get(entry.id)
        if reading is None:
            reading = self._reading[entry.id] = asyncio.get_running_loop().create_task(self._follow(entry))
            reading.add_done_callback(lambda _: self._reading.pop(entry.id, None))
        return await asyncio.shield(reading)

    async def _follow(self, entry: RunEntry) -> _Seen:
        seen: _Seen

        def tell(live: Live) -> None:
            self._tell(seen, live)

        leave = self._feed.listen(entry.id, tell) if entry.status not in ENDED else _nothing
        seen = _Seen(entry, leave, self._clock())
        try:
            follower = await self._numbered(entry)
        except BaseException:
            leave()
            raise
        if follower.breadth > BROADEST:
            leave()
            seen.text = await aside(follower.breadth * FACT, _written, entry, follower)
            return seen
        seen.follower = follower
        missed, seen.missed = seen.missed, []
        for live in missed:
            self._tell(seen, live)
        if follower.calls():
            leave()  # what its children ask is theirs to tell: such a view is made each time
            return seen
        self._keep(seen)
        return seen

    async def _numbered(self, entry: RunEntry) -> Follower:
        await self._number([entry])
        follower = await self._archive.within(entry.tenant).follower(entry)
        follower.number(entry.version)
        for live in self._feed.present(entry.id):
            _begin(follower, live)
        return follower

    def _keep(self, seen: _Seen) -> None:
        if len(self._text(seen)) > LARGEST:
            seen.leave()
            return
        self._seen[seen.entry.id] = seen
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)[1].leave()

    def _tell(self, seen: _Seen, live: Live) -> None:
        if seen.follower is None:
            seen.missed.append(live)
        elif live.fact is None:
            if _begin(seen.follower, live):
                seen.text = None
        elif live.seq == seen.follower.seq + 1:
            seen.follower.fold(live.seq, live.fact)
            seen.text = None
            if seen.follower.calls():
                self.forget(seen.entry.id)
        elif live.seq > seen.follower.seq:
            self.forget(seen.entry.id)

    def _text(self, seen: _Seen) -> bytes:
        if seen.text is None:
            assert seen.follower is not None
            seen.text = _written(seen.entry, seen.follower)
            if seen.follower.view().ended:
                seen.leave()
                seen.follower = None
        return seen.text


def _written(entry: RunEntry, follower: Follower) -> bytes:
    return _encode({**run_json(follower.view()), "labels": dict(entry.labels)})


Number = Callable[[Sequence[RunEntry]], Awaitable[None]]


async def _unknown(entries: Sequence[RunEntry]) -> None:
    """Where nobody saves flows."""


def _begin(follower: Follower, live: Live) -> bool:
    """No fact says that an attempt has begun: who watches it does."""
    if live.kind != "running":
        return False
    follower.running(live.path, cast("dict[str, float]", live.data)["at"])
    return True


def _nothing() -> None:
    """There is nothing to leave."""


_encode = msgspec.json.Encoder().encode
