"""What happens in a run, for any number of readers: nothing missed, nothing twice, whoever comes when.

A reader takes what it has not seen from the run's channel; what is older comes from the journal. It keeps a place, not a
queue, so a slow one costs nobody anything. One that falls so far behind that the channel has forgotten its place is sent
away, and comes back with the number of the last fact that it saw.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Final

from tenuto.core.flow.findings import mapping
from tenuto.ports.codec import decode, references, shown, whole
from tenuto.ports.engine import Live
from tenuto.ports.feed import Feed
from tenuto.ports.journal import Row
from tenuto.service.archive import Archive
from tenuto.service.channel import BEAT, KEPT, PIECE, Channel, Frame, Piece, frame_of

PAGE: Final = 32  # facts read from the journal at first; more where they are small
LARGEST_PAGE: Final = 512
STUCK: Final = 30.0  # seconds that a reader may take for one piece
SLOW: Final = 1.0  # seconds for one piece, after which it is a reader's own fault that its place is forgotten


class Reader:
    """One who looks on. `pieces` ends with the run, when the server stops, or when the reader is too slow."""

    def __init__(
        self,
        channel: Channel,
        archive: Archive,
        after: int,
        leave: Callable[["Reader"], None],
        spoken: Callable[[], Sequence[Live]],
    ) -> None:
        """`spoken`: what was said and is not recorded yet, for one who comes in the middle of it."""
        self.seen = after
        self._spoken = spoken
        self._heard = spoken()  # up to the place where it begins
        self.behind = True  # what is recorded is to be read
        self.channel = channel
        self.place = channel.end
        self._archive = archive
        self._leave = leave
        self._sending: float | None = None  # since when it has been taking its last piece
        self._took = 0.0  # how long it took for the one before
        self._on_drop: Callable[[], object] | None = None
        self._loop = asyncio.get_running_loop()
        channel.readers.add(self)

    async def pieces(self) -> AsyncGenerator[Piece]:
        """An empty one means that nothing happened for a while."""
        try:
            async for piece in self._pieces():
                began = self._sending = self._loop.time()
                yield piece
                self._sending = None
                self._took = self._loop.time() - began
        finally:
            self.leave()

    def leave(self) -> None:
        self._leave(self)

    def when_dropped(self, call: Callable[[], object]) -> None:
        self._on_drop = call

    def drop_if_stuck(self, now: float, first: int) -> None:
        """It has been taking one piece for so long that what follows it is forgotten."""
        if self._sending is not None and now - self._sending > STUCK and self.place < first and self._on_drop:
            self._on_drop()

    async def _pieces(self) -> AsyncGenerator[Piece]:
        while not self.channel.closed:
            if self.behind:
                async for piece in self._recorded():
                    yield piece
                    if piece.last:
                        return
                self.behind = False
                if words := self._replayed():
                    yield Piece(words, self.place)
            piece = self.channel.since(self.place)
            if piece is None:
                if self._took > SLOW:
                    return
                self.place, self.behind, self._heard = self.channel.end, True, self._spoken()
            elif piece.frames:
                self.place = piece.until
                piece = piece.after(self.seen)
                self.seen = max([self.seen, *(frame.seq for frame in piece.frames)])
                if piece.frames:
                    yield piece
                if piece.last:
                    return
            else:
                await self.channel.news()
                if not (silence := self.channel.since(self.place)) or not silence.frames:
                    yield Piece([], self.place)

    def _replayed(self) -> list[Frame]:
        """What had been said when it came, unless it was recorded while it read what is."""
        heard, self._heard = self._heard, ()
        now = self._spoken() if heard else ()
        going_on = [live for live in heard if any(_goes_on(live, other) for other in now)]
        return [frame for live in going_on if (frame := frame_of(live)) is not None]

    async def _recorded(self) -> AsyncGenerator[Piece]:
        """In pieces of the usual size, whatever the size of the facts: a slow reader holds one of them."""
        page = PAGE
        while True:
            frames = await history(self._archive, self.channel.run, self.seen, page)
            if frames:
                self.seen = frames[-1].seq
                yield Piece(frames)
            if len(frames) < page:
                return
            size = sum(len(frame.data) for frame in frames)
            page = max(1, min(page * PIECE // max(size, 1), LARGEST_PAGE))


def _goes_on(live: Live, now: Live) -> bool:
    """Whether these are words of the same speaker, who has said more since."""
    said, more = mapping(live.data) or {}, mapping(now.data) or {}
    same = [each.get(name) for each in (said, more) for name in ("under", "agent")]
    return live.path == now.path and same[:2] == same[2:] and str(more.get("text")).startswith(str(said.get("text")))


class Streams:
    """The channels that somebody reads."""

    def __init__(self, archive: Archive, feed: Feed, *, kept: int = KEPT, beat: float = BEAT) -> None:
        self._archive = archive
        self._feed = feed
        self._kept = kept
        self._beat = beat
        self._channels: dict[str, Channel] = {}
        self._closed = False

    def reader(self, run: str, after: int = 0) -> Reader:
        """From the fact after `after` on. The caller has made sure that the run may be read."""
        channel = self._channels.get(run)
        if channel is None:
            channel = self._channels[run] = Channel(run, self._feed, kept=self._kept, beat=self._beat)
            if self._closed:
                channel.close()
        return Reader(channel, self._archive, after, self._left, lambda: self._spoken(run))

    def _spoken(self, run: str) -> list[Live]:
        return [live for live in self._feed.present(run) if live.kind == "delta"]

    def reader_of_new(self, run: str) -> Reader:
        """From the beginning of a run that is not there yet: it misses nothing, not even what is not recorded."""
        reader = self.reader(run)
        reader.behind = False
        return reader

    def close(self) -> None:
        """Every reader is sent away; it may come back to whoever serves next."""
        self._closed = True
        for channel in self._channels.values():
            channel.close()

    def _left(self, reader: Reader) -> None:
        channel = reader.channel
        channel.readers.discard(reader)
        if not channel.readers and self._channels.get(channel.run) is channel:
            del self._channels[channel.run]
            if not channel.closed:
                channel.close()


async def history(archive: Archive, run: str, after: int, limit: int | None) -> list[Frame]:
    """What is recorded after a fact. Only what was too large for its row is decoded for that."""
    rows = await archive.journal.read(run, after, limit)
    frames: list[Frame] = []
    for row in rows:
        data = whole(row.type, row.seq, row.body) if not references(row.body) else await _inflated(archive, row)
        frames.append(Frame(row.seq, row.type, data))
    return frames


async def _inflated(archive: Archive, row: Row) -> bytes:
    blobs = {name: await archive.blobs.get(name) for name in references(row.body)}
    return shown(row.seq, decode(row.type, row.body, blobs))
