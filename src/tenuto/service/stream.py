"""What happens in a run, for any number of readers: read once, encoded once, shared by all of them.

A `Channel` keeps the last moments of one run. A reader takes what it has not seen from there; what is older comes from
the journal. So a reader misses no fact and sees none twice, from any `after`, and a slow one costs nobody anything: it
keeps a place, not a queue. One that falls so far behind that the channel has forgotten its place is sent away and comes
back with the number of the last fact it saw.

Readers are woken together. The more of them there are the longer a piece takes to hand out, and the next one waits in
proportion: however many look on, the run keeps nearly all of the loop.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from tenuto.core.events import TERMINAL
from tenuto.ports.codec import decode, references, shown, whole
from tenuto.ports.engine import Live
from tenuto.ports.feed import Feed
from tenuto.ports.journal import Row
from tenuto.service.archive import Archive

KEPT: Final = 1_000_000  # bytes a channel remembers
PIECE: Final = 64 * 1024  # bytes handed to a reader at once
PAGE: Final = 200  # facts read from the journal at once
BEAT: Final = 15.0  # seconds of silence after which readers are told that somebody is there
STUCK: Final = 30.0  # seconds that a reader may take for one piece
SHARE: Final = 15  # for every second of handing out, the loop is left to the runs for so many
LONGEST_PAUSE: Final = 1.0  # seconds


@dataclass(slots=True, frozen=True)
class Frame:
    """One thing that happened. `seq`: of a fact; 0 for what is not recorded. `data`: JSON."""

    seq: int
    event: str
    data: bytes

    @property
    def last(self) -> bool:
        return self.event in TERMINAL


@dataclass(slots=True)
class Piece:
    """Frames that follow each other, as a reader gets them. `text`: what they are on the wire, once for each wire."""

    frames: list[Frame]
    until: int = 0  # the place after them
    texts: dict[str, bytes] = field(default_factory=dict[str, bytes])

    @property
    def last(self) -> bool:
        return bool(self.frames) and self.frames[-1].last

    def text(self, wire: str, write: Callable[[list[Frame]], bytes]) -> bytes:
        known = self.texts.get(wire)
        if known is None:
            known = self.texts[wire] = write(self.frames)
        return known

    def after(self, seq: int) -> "Piece":
        """Without the facts that a reader has seen."""
        if all(frame.seq == 0 or frame.seq > seq for frame in self.frames):
            return self
        return Piece([frame for frame in self.frames if frame.seq == 0 or frame.seq > seq], self.until)


class Channel:
    """The last moments of one run. Places count frames from the first that this channel was told."""

    def __init__(self, run: str, feed: Feed, *, kept: int = KEPT, beat: float = BEAT) -> None:
        self.run = run
        self.readers: set[Reader] = set()
        self.closed = False
        self._kept = kept
        self._beat = beat
        self._frames: deque[Frame] = deque()
        self._first = 0  # the place of the first frame that is kept
        self._size = 0
        self._released = 0  # readers see what comes before this place: everything at the last waking
        self._pieces: dict[int, Piece] = {}
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._not_before = 0.0
        self._waking: asyncio.Handle | None = None
        self._beating = self._loop.call_later(beat, self._on_beat)
        self._leave = feed.listen(run, self.tell)

    @property
    def end(self) -> int:
        return self._first + len(self._frames)

    def tell(self, live: Live) -> None:
        frame = frame_of(live)
        if frame is None:
            return
        self._frames.append(frame)
        self._size += len(frame.data)
        while self._size > self._kept and len(self._frames) > 1:
            self._size -= len(self._frames.popleft().data)
            self._first += 1
        if self._waking is None:
            pause = self._not_before - self._loop.time()
            self._waking = self._loop.call_later(pause, self._wake) if pause > 0 else self._loop.call_soon(self._wake)

    def since(self, place: int) -> Piece | None:
        """What comes at that place, as much as is handed out at once; None if it is forgotten."""
        if place < self._first:
            return None
        if place >= self._released:
            return Piece([], place)
        known = self._pieces.get(place)
        if known is None:
            known = self._pieces[place] = self._cut(place)
        return known

    async def news(self) -> None:
        await self._news.wait()

    def close(self) -> None:
        self.closed = True
        self._leave()
        self._beating.cancel()
        if self._waking is not None:
            self._waking.cancel()
        self._wake()

    def _cut(self, place: int) -> Piece:
        frames: list[Frame] = []
        size = 0
        for at in range(place - self._first, self._released - self._first):
            frames.append(self._frames[at])
            size += len(self._frames[at].data)
            if size >= PIECE:
                break
        return Piece(frames, place + len(frames))

    def _wake(self) -> None:
        self._waking = None
        self._pieces.clear()
        self._released = self.end
        began = self._loop.time()
        self._news.set()
        self._news.clear()
        if not self.closed:
            self._loop.call_soon(self._woken, began)  # after every reader had its turn

    def _woken(self, began: float) -> None:
        now = self._loop.time()
        self._not_before = now + min((now - began) * SHARE, LONGEST_PAUSE)

    def _on_beat(self) -> None:
        for reader in list(self.readers):
            reader.drop_if_stuck(self._loop.time(), self._first)
        self._wake()
        self._beating = self._loop.call_later(self._beat, self._on_beat)


class Reader:
    """One who looks on. `pieces` ends with the run, when the server stops, or when the reader is too slow."""

    def __init__(self, channel: Channel, archive: Archive, after: int, leave: Callable[["Reader"], None]) -> None:
        self.seen = after
        self.channel = channel
        self._archive = archive
        self._leave = leave
        self._place = channel.end
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
        if self._sending is not None and now - self._sending > STUCK and self._place < first and self._on_drop:
            self._on_drop()

    async def _pieces(self) -> AsyncGenerator[Piece]:
        behind = True
        while not self.channel.closed:
            if behind:
                async for piece in self._recorded():
                    yield piece
                    if piece.last:
                        return
                behind = False
            piece = self.channel.since(self._place)
            if piece is None:
                if self._was_slow():
                    return
                self._place, behind = self.channel.end, True
            elif piece.frames:
                self._place = piece.until
                piece = piece.after(self.seen)
                self.seen = max([self.seen, *(frame.seq for frame in piece.frames)])
                if piece.frames:
                    yield piece
                if piece.last:
                    return
            else:
                await self.channel.news()
                if not (silence := self.channel.since(self._place)) or not silence.frames:
                    yield Piece([], self._place)

    async def _recorded(self) -> AsyncGenerator[Piece]:
        while True:
            frames = await history(self._archive, self.channel.run, self.seen, PAGE)
            if frames:
                self.seen = frames[-1].seq
                yield Piece(frames)
            if len(frames) < PAGE:
                return

    def _was_slow(self) -> bool:
        """Whether it lost its place by its own fault, and not because so much happened between two wakings."""
        return self._took > LONGEST_PAUSE


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
        return Reader(channel, self._archive, after, self._left)

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


def frame_of(live: Live) -> Frame | None:
    if live.fact is not None:
        return Frame(live.seq, live.fact.type, shown(live.seq, live.fact))
    if live.kind == "status":
        return None  # facts say it
    return Frame(0, live.kind, _encode({"path": live.path, "data": live.data}))


_encode = msgspec.json.Encoder().encode
