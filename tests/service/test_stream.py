"""Readers of a run: nothing missed, nothing twice, and nobody held up by one that is slow."""

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

import pytest

from hosts.local.harness import opened
from tenuto.core import events
from tenuto.core.flow import Flow
from tenuto.documents import load
from tenuto.ports.engine import Live, StartRequest
from tenuto.ports.feed import Ask, Observer, Tape
from tenuto.service import stream
from tenuto.service.archive import Archive
from tenuto.service.channel import Channel, Frame, Piece
from tenuto.service.stream import Reader, Streams
from tenuto.stores.memory import MemoryJournal

STEPS = """\
flow: steps
nodes:
  a: {use: set, with: {value: 1}}
  ok: {use: approval, after: [a], with: {question: "Well?"}}
  b: {use: set, after: [ok], with: {value: 2}}
output: ${b}
"""


def flow_of(text: str) -> Flow:
    flow = load(text).flow
    assert flow is not None
    return flow


class Told:
    """A feed that a test speaks through."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Live], None]] = []
        self.said: list[Live] = []

    def present(self, run: str) -> list[Live]:
        return self.said

    def listen(self, run: str, listener: Callable[[Live], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def observe(self, observer: Observer) -> Callable[[], None]:
        return lambda: None

    def record(self, tape: Tape) -> Callable[[], None]:
        return lambda: None

    def asks(self, run: str) -> list[Ask] | None:
        return None

    def tell(self, seq: int, output: Any = None) -> None:
        for listener in list(self.listeners):
            listener(Live("run", "fact", "a", seq, events.NodeSucceeded(0.0, "a", "done", output)))

    def delta(self, text: str) -> None:
        for listener in list(self.listeners):
            listener(Live("run", "delta", "a", data=text))

    def end(self, seq: int) -> None:
        for listener in list(self.listeners):
            listener(Live("run", "fact", "", seq, events.RunSucceeded(0.0, None)))


def nothing_recorded() -> Archive:
    journal = MemoryJournal()
    return Archive(journal, journal, lambda _: None)


async def seen(reader: Reader) -> list[Frame]:
    async with aclosing(reader.pieces()) as pieces:
        return [frame async for piece in pieces for frame in piece.frames]


class TestReader:
    async def test_every_fact_comes_once_from_any_place(self):
        """P6: what was recorded and what happens meanwhile, in order, whoever comes when."""
        journal = MemoryJournal()
        async with opened(journal) as house:
            streams = Streams(Archive(journal, journal, lambda _: None), house.host)
            run = await house.host.start(StartRequest(flow_of(STEPS)))
            early = [asyncio.ensure_future(seen(streams.reader(run, after))) for after in (0, 1, 2)]
            await asyncio.sleep(0.02)
            await house.host.signal(run, "ok", {"approved": True})

            read = [[frame.seq for frame in await each] for each in early]
            late = [frame.seq for frame in await seen(streams.reader(run))]

        assert late == list(range(1, len(late) + 1))
        assert read == [late, late[1:], late[2:]]

    async def test_what_is_shown_is_what_is_recorded(self):
        """Live and from the journal a fact is the same text."""
        journal = MemoryJournal()
        async with opened(journal) as house:
            streams = Streams(Archive(journal, journal, lambda _: None), house.host)
            run = await house.host.start(StartRequest(flow_of(STEPS)))
            live = asyncio.ensure_future(seen(streams.reader(run)))
            await asyncio.sleep(0.02)
            await house.host.signal(run, "ok", {"approved": True, "comment": "ü" * 40_000})

            first, again = await live, await seen(streams.reader(run))

        assert [frame.data for frame in first] == [frame.data for frame in again]
        assert json.loads(again[0].data)["seq"] == 1

    async def test_deltas_come_in_their_place_and_once(self):
        """They have no number, and nobody gets them again."""
        told = Told()
        streams = Streams(nothing_recorded(), told)
        reading = asyncio.ensure_future(seen(streams.reader("run")))
        await asyncio.sleep(0)

        told.tell(1)
        told.delta("x")
        told.tell(2)
        told.end(3)

        assert [(frame.seq, frame.event) for frame in await reading] == [
            (1, "node.succeeded"),
            (0, "delta"),
            (2, "node.succeeded"),
            (3, "run.succeeded"),
        ]

    async def test_who_comes_in_the_middle_of_an_answer_hears_its_beginning(self):
        """Before what is said next, whole and marked; one that comes back may have missed some of it."""
        told = Told()
        streams = Streams(nothing_recorded(), told)
        begin = {"text": "begin", "replayed": True}
        told.said = [Live("run", "delta", "a", data=begin)]
        first, back = [asyncio.ensure_future(seen(streams.reader("run", after))) for after in (0, 1)]
        await asyncio.sleep(0)

        told.delta("end")
        told.end(2)

        for reader in (first, back):
            assert [json.loads(frame.data)["data"] for frame in await reader if not frame.seq] == [begin, "end"]

    @pytest.mark.parametrize("since", ["", "another"], ids=["nothing", "something else"])
    async def test_what_was_recorded_before_it_is_told_is_not_told_again(self, since: str):
        """It was said when the reader came, and is part of a fact by the time that all facts are read."""
        told = Told()
        streams = Streams(nothing_recorded(), told)
        told.said = [Live("run", "delta", "a", data={"text": "begin", "replayed": True})]
        reading = asyncio.ensure_future(seen(streams.reader("run")))
        told.said = [Live("run", "delta", "a", data={"text": since, "replayed": True})] if since else []
        await asyncio.sleep(0)

        told.end(1)

        assert [frame.event for frame in await reading] == ["run.succeeded"]

    async def test_a_heartbeat_is_an_empty_piece(self):
        """Whoever is silent for long says that he is there."""
        streams = Streams(nothing_recorded(), Told(), beat=0.01)

        async with aclosing(streams.reader("run").pieces()) as pieces:
            first = await anext(pieces)

        assert first.frames == []

    async def test_when_the_server_stops_readers_are_sent_away(self):
        """They end, and so does whoever comes after."""
        streams = Streams(nothing_recorded(), Told())
        reading = asyncio.ensure_future(seen(streams.reader("run")))
        await asyncio.sleep(0)

        streams.close()

        assert await asyncio.wait_for(reading, 1) == []
        assert await asyncio.wait_for(seen(streams.reader("run")), 1) == []

    async def test_whoever_leaves_leaves_nothing_behind(self):
        """The last reader closes the channel."""
        told = Told()
        streams = Streams(nothing_recorded(), told)
        reading = [asyncio.ensure_future(seen(streams.reader("run"))) for _ in range(3)]
        await asyncio.sleep(0)

        for each in reading:
            each.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

        assert told.listeners == []


class TestSlowness:
    async def test_one_that_takes_nothing_keeps_nothing_and_is_sent_away(self, monkeypatch: pytest.MonkeyPatch):
        """R16: a reader has a place, no queue; when its place is forgotten it must come back."""
        monkeypatch.setattr(stream, "SLOW", 0.0)  # however short it took, that was too long
        told = Told()
        streams = Streams(nothing_recorded(), told, kept=10_000)
        slow = streams.reader("run")
        async with aclosing(slow.pieces()) as pieces:
            reading = asyncio.ensure_future(anext(pieces))
            await asyncio.sleep(0)
            told.tell(1)
            await reading
            for seq in range(2, 400):
                told.tell(seq, "x" * 100)

            rest = [piece async for piece in pieces]

        assert rest == []
        assert slow.seen == 1  # it comes back with this

    async def test_a_channel_forgets_what_is_too_much(self):
        """However much happens, what is kept is bounded."""
        told = Told()
        channel = Channel("run", told, kept=10_000)

        for seq in range(1, 2_000):
            told.tell(seq, "x" * 100)
        size = channel.size
        channel.close()

        assert 0 < size <= 10_000

    async def test_many_readers_share_one_text(self):
        """What goes out is written once, however many take it."""
        told = Told()
        streams = Streams(nothing_recorded(), told)
        written: list[int] = []

        def write(frames: list[Frame]) -> bytes:
            written.append(len(frames))
            return b""

        async def read() -> None:
            async with aclosing(streams.reader("run").pieces()) as pieces:
                async for piece in pieces:
                    piece.text("test", write)

        reading = [asyncio.ensure_future(read()) for _ in range(100)]
        await asyncio.sleep(0.01)
        told.tell(1)
        told.end(2)
        await asyncio.gather(*reading)

        assert sum(written) == 2


def test_a_piece_leaves_out_what_was_seen():
    """Facts by their number; what has none stays."""
    piece = Piece([Frame(1, "a", b""), Frame(0, "delta", b""), Frame(2, "b", b"")], 7)

    assert [frame.event for frame in piece.after(1).frames] == ["delta", "b"]
    assert piece.after(0) is piece
