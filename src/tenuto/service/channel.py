"""The last moments of one run, encoded once, for any number of readers.

Readers keep a place in the channel. They are woken together, a piece at a time; however long handing out a piece took,
the loop is left to the runs for a multiple of that before the next one. So the more readers there are the longer the
pauses, and the run keeps nearly all of the loop.
"""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Protocol

import msgspec

from tenuto.core.events import TERMINAL
from tenuto.ports.codec import shown
from tenuto.ports.engine import Live
from tenuto.ports.feed import Feed

KEPT: Final = 8_000_000  # bytes that a channel remembers at most, for readers that are behind
PIECE: Final = 64 * 1024  # bytes handed out at once
BEAT: Final = 15.0  # seconds of silence after which readers are told that somebody is there
SHARE: Final = 25  # for every second of handing out, the loop is left to the runs for so many
MOST: Final = 0.9  # of the readers that were woken; when they are back, a piece counts as handed out
ROUND: Final = 1.0  # seconds after which it does in any case
PAUSE: Final = 0.05  # seconds: the longest pause for nobody,
PAUSE_EACH: Final = 0.01  # and so much more for each reader


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
    """Frames that follow each other, as a reader gets them. `texts`: what they are on each wire, written once."""

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


class Placed(Protocol):
    """A reader, as its channel knows it."""

    place: int

    def drop_if_stuck(self, now: float, first: int) -> None:
        """`first`: the first place that is not forgotten."""
        ...


class Channel:
    """Places count frames from the first that this channel was told."""

    def __init__(self, run: str, feed: Feed, *, kept: int = KEPT, beat: float = BEAT) -> None:
        self.run = run
        self.readers: set[Placed] = set()
        self.closed = False
        self._kept = kept
        self._beat = beat
        self._frames: deque[Frame] = deque()
        self._first = 0  # the place of the first frame that is kept
        self._size = 0
        self._released = 0  # readers see what comes before this place
        self._ended = False
        self._pieces: dict[int, Piece] = {}
        self._news = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._waking: asyncio.Handle | None = None
        self._round = Round()
        self._beating = self._loop.call_later(beat, self._on_beat)
        self._leave = feed.listen(run, self.tell)

    @property
    def end(self) -> int:
        return self._first + len(self._frames)

    @property
    def size(self) -> int:
        """In bytes."""
        return self._size

    def tell(self, live: Live) -> None:
        frame = frame_of(live)
        if frame is None:
            return
        self._frames.append(frame)
        self._size += len(frame.data)
        self._ended = self._ended or frame.last
        while self._size > self._kept and len(self._frames) > 1:
            self._forget_one()
        self._wake_when_due()

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
        """Until readers are woken: something came, or nothing for a while."""
        if self._round.came_back(self._loop.time()):
            self._stop_waking()  # it is due sooner than was thought
            self._wake_when_due()
        self._round.waiting += 1
        try:
            await self._news.wait()
        finally:
            self._round.waiting -= 1

    def close(self) -> None:
        self.closed = True
        self._leave()
        self._beating.cancel()
        self._stop_waking()
        self._wake()

    def _stop_waking(self) -> None:
        if self._waking is not None:
            self._waking.cancel()
            self._waking = None

    def _cut(self, place: int) -> Piece:
        frames: list[Frame] = []
        size = 0
        for frame in islice(self._frames, place - self._first, self._released - self._first):
            frames.append(frame)
            size += len(frame.data)
            if size >= PIECE:
                break
        return Piece(frames, place + len(frames))

    def _wake_when_due(self) -> None:
        if self._waking is not None or self._released == self.end or self.closed:
            return
        wait = self._round.due(len(self.readers), ended=self._ended) - self._loop.time()
        self._waking = self._loop.call_later(wait, self._wake) if wait > 0 else self._loop.call_soon(self._wake)

    def _wake(self) -> None:
        self._waking = None
        self._pieces.clear()
        self._forget_what_all_have()
        self._released = max(self._released, self._first)
        size = 0
        for frame in islice(self._frames, self._released - self._first, None):
            if size >= PIECE:
                break
            size += len(frame.data)
            self._released += 1
        self._round.begin(self._loop.time())
        self._news.set()
        self._news.clear()
        self._wake_when_due()

    def _forget_what_all_have(self) -> None:
        needed = min((reader.place for reader in self.readers), default=self.end)
        while self._frames and self._first < needed:
            self._forget_one()

    def _forget_one(self) -> None:
        self._size -= len(self._frames.popleft().data)
        self._first += 1

    def _on_beat(self) -> None:
        for reader in list(self.readers):
            reader.drop_if_stuck(self._loop.time(), self._first)
        self._news.set()
        self._news.clear()
        self._beating = self._loop.call_later(self._beat, self._on_beat)


class Round:
    """The handing out of one piece: it is over when most of the readers that were woken are back."""

    def __init__(self) -> None:
        self.waiting = 0
        self._began = 0.0
        self._needed = 0
        self._ended: float | None = 0.0

    def begin(self, now: float) -> None:
        self._began = now
        self._needed = math.ceil(self.waiting * MOST)
        self._ended = None if self._needed else now

    def came_back(self, now: float) -> bool:
        """A reader took its piece; whether that ends the round."""
        self._needed -= 1
        if self._ended is None and self._needed <= 0:
            self._ended = now
            return True
        return False

    def due(self, readers: int, *, ended: bool) -> float:
        """When the next piece may be handed out. A run that has `ended` need not be spared any more."""
        if self._ended is None:
            return self._began + ROUND
        spent = self._ended - self._began
        return self._ended + min(spent * (1 if ended else SHARE), PAUSE + PAUSE_EACH * readers)


def frame_of(live: Live) -> Frame | None:
    if live.fact is not None:
        return Frame(live.seq, live.fact.type, shown(live.seq, live.fact))
    if live.kind == "status":
        return None  # facts say it
    return Frame(0, live.kind, _encode({"path": live.path, "data": live.data}))


_encode = msgspec.json.Encoder().encode
