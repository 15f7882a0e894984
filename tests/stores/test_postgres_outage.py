"""P1, R10: a database that goes away takes nothing with it. Everything waits, and goes on by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from postgres import PostgresServer
from stores.wire import Wire
from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Closed, Conflict, Damaged, RunQuery
from tenuto.ports.records import Unavailable
from tenuto.stores.journal_postgres import PostgresJournal, PostgresReader, reader, session, writer
from tenuto.testing.journal_conformance import ended, entry, fact, facts, keep, told

Scene = Callable[[PostgresJournal, Wire], Awaitable[None]]


def played(url: str, scene: Scene) -> None:
    async def play() -> None:
        async with Wire(url) as wire:
            journal = await PostgresJournal.open(wire.url)
            try:
                await asyncio.wait_for(scene(journal, wire), 30)
            finally:
                wire.open, wire.keep_server_side = True, False
                await journal.close()

    asyncio.run(play())


@pytest.mark.parametrize("lost", ["question", "answer"])
@pytest.mark.parametrize("half_open", [False, True], ids=["closed", "half-open"])
def test_a_commit_whose_answer_never_came_is_made_once(postgres_url: str, lost: str, half_open: bool):
    """Whether the server had made it or not, and also if it believes the lost session to be alive; nobody is told of it."""

    async def scene(journal: PostgresJournal, wire: Wire) -> None:
        await keep(journal, "run", facts(1, 2))
        wire.keep_server_side = half_open
        for seq in range(3, 8):
            wire.lose_next = lost
            await keep(journal, "run", facts(seq, seq))
        assert wire.cuts == 5
        assert await journal.read("run") == facts(1, 7)
        assert isinstance(await told(journal, "run", facts(7, 7)), Conflict)

    played(postgres_url, scene)


@pytest.mark.parametrize("lost", ["question", "answer"])
def test_a_run_is_deleted_once_whatever_becomes_of_the_answer(postgres_url: str, lost: str):
    """And it is said that it was there: who asked does not know that it was asked twice."""

    async def scene(journal: PostgresJournal, wire: Wire) -> None:
        for number in range(10):  # a transaction of several questions: another one of them is lost each time
            await ended(journal, "run")
            wire.lose_next, wire.first_pass = lost, number
            assert await journal.delete("run")
            wire.lose_next = ""
        assert wire.cuts > 5
        assert await journal.runs(RunQuery()) == []

    played(postgres_url, scene)


def test_while_nobody_gets_through_everything_waits_in_order(postgres_url: str):
    """Writes of many runs, blobs, deletions: they are made when there is a way again, and each is told once."""

    async def scene(journal: PostgresJournal, wire: Wire) -> None:
        await ended(journal, "old")
        wire.open = False
        wire.cut()
        writes = [asyncio.create_task(told(journal, f"run-{number}", facts(1, 3))) for number in range(20)]
        others = asyncio.gather(journal.delete("old"), journal.put(b"blob", "run-1"))
        reading = asyncio.create_task(journal.read("run-1"))
        await asyncio.sleep(0.3)
        assert not [task for task in (*writes, others) if task.done()]
        assert isinstance(journal.trouble, Unavailable)

        wire.open = True

        assert await asyncio.gather(*writes) == [None] * 20
        assert await others == [True, digest_of(b"blob")]
        assert journal.trouble is None
        assert await reading in ([], facts(1, 3))
        assert await journal.read("run-1") == facts(1, 3)

    played(postgres_url, scene)


def test_who_waits_for_an_answer_is_told_after_a_while(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    """The journal's `reader`, and one of another process: `Unavailable`, without a password in it."""
    monkeypatch.setattr(reader, "PATIENCE", 0.2)

    async def scene(journal: PostgresJournal, wire: Wire) -> None:
        await keep(journal, "run", facts(1, 1))
        wire.open = False
        wire.cut()
        hasty = journal.reader.with_patience(0.2)
        begun = time.monotonic()
        with pytest.raises(Unavailable, match=r"PostgreSQL at postgresql://tenuto@.* does not answer"):
            await hasty.read("run")
        with pytest.raises(Unavailable):
            await hasty.runs(RunQuery())
        assert time.monotonic() - begun < 5
        wire.open = True
        assert await hasty.read("run") == facts(1, 1)

    played(postgres_url, scene)


def test_closing_does_not_wait_for_ever(postgres_url: str, monkeypatch: pytest.MonkeyPatch):
    """What was not written is told so; what may have been is told that."""
    monkeypatch.setattr(writer, "FAREWELL", 0.2)

    async def scene(journal: PostgresJournal, wire: Wire) -> None:
        await keep(journal, "run", facts(1, 1))
        wire.open = False
        wire.cut()
        waiting = [asyncio.create_task(told(journal, "run", facts(seq, seq))) for seq in (2, 3)]
        await asyncio.sleep(0.1)
        waiting.append(asyncio.create_task(told(journal, "later", facts(1, 1))))
        deleting = asyncio.create_task(journal.delete("run"))
        await asyncio.sleep(0.1)

        await journal.close()

        with pytest.raises(Closed, match="may have been"):
            await deleting

        answers = await asyncio.gather(*waiting)
        assert [type(answer) for answer in answers] == [Closed] * 3
        assert ["may have been" in str(answer) for answer in answers] == [True, True, False]

    played(postgres_url, scene)


def test_a_database_that_is_older_than_what_was_acknowledged_is_not_written(postgres_url: str):
    """A standby that had not received everything, or a backup put in place meanwhile."""

    async def scene(journal: PostgresJournal, wire: Wire) -> None:
        for seq in range(1, 4):
            await keep(journal, "run", facts(seq, seq))
        connection = await journal._session.ready()
        await connection.execute("UPDATE tenuto_journal.meta SET commits = commits - 1")
        wire.cut()

        answer = await told(journal, "run", facts(4, 4))

        assert isinstance(answer, Damaged)
        assert "acknowledged" in str(answer)
        assert journal.failure is answer
        assert isinstance(await told(journal, "other", facts(1, 1)), Damaged)
        assert len(await journal.read("run")) == 3

    played(postgres_url, scene)


def test_the_server_dies_under_load_and_nothing_acknowledged_is_lost(tmp_path: Path):
    """R10, at the journal: three kills of the server's processes; each write is told once, and is there."""
    kept: dict[str, int] = {}
    stop = asyncio.Event()

    async def write(journal: PostgresJournal, run: str) -> None:
        while not stop.is_set():
            seq = kept.get(run, 0) + 1
            await keep(journal, run, [fact(seq)], line=entry(run) if seq == 1 else None)
            kept[run] = seq

    async def play(server: PostgresServer) -> None:
        journal = await PostgresJournal.open(server.url(), tmp_path)
        writers = [asyncio.create_task(write(journal, f"run-{number}")) for number in range(10)]
        for _ in range(3):
            await asyncio.sleep(0.4)
            before = dict(kept)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            async with asyncio.timeout(20):
                while kept == before:  # noqa: ASYNC110  the writers are as the users of a journal are: they tell nobody
                    await asyncio.sleep(0.05)
        stop.set()
        await asyncio.wait_for(asyncio.gather(*writers), 20)
        await journal.close()

    async def read(server: PostgresServer) -> dict[str, int]:
        async with await PostgresReader.open(server.url()) as reading:
            return {line.id: len(await reading.read(line.id)) for line in await reading.runs(RunQuery())}

    with PostgresServer() as server:
        asyncio.run(play(server))
        found = asyncio.run(read(server))

    assert found == kept
    assert min(kept.values()) > 3


def test_an_idle_owner_keeps_its_lock(postgres_url: str):
    """Its session is ended while it has nothing to say; it is the owner again before anybody asks."""

    async def scene(journal: PostgresJournal, wire: Wire) -> None:
        await keep(journal, "run", facts(1, 1))
        before = await journal._session.ready()
        wire.cut()
        async with asyncio.timeout(10):
            while journal._session._connection in (None, before):  # noqa: ASYNC110  it tells nobody
                await asyncio.sleep(0.01)
        after = await journal._session.ready()
        assert await after.fetchval("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted") == 1
        assert session.FIRST_PAUSE < 0.1

    played(postgres_url, scene)
