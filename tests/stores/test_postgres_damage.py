"""I5: what cannot be read back as it was written is an error that names the run, never a shorter history. And what does not fit fails alone."""

import asyncio
import os
from typing import Any

import asyncpg
import pytest

from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Conflict, Damaged, RunQuery, StorageFull
from tenuto.stores.journal_postgres import PostgresJournal, PostgresReader
from tenuto.testing.journal_conformance import ended, entry, fact, facts, keep, refused, told

FULL = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON tenuto_journal.facts EXECUTE FUNCTION full_disk()
"""


async def changed(url: str, statement: str) -> None:
    connection: Any = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("UPDATE tenuto_journal.facts SET body = 'other' WHERE seq = 2", "fact 2 is not what was written"),
        ("UPDATE tenuto_journal.facts SET type = 'node.failed' WHERE seq = 2", "fact 2 is not what was written"),
        ("UPDATE tenuto_journal.facts SET at = at + 1 WHERE seq = 2", "fact 2 is not what was written"),
        ("DELETE FROM tenuto_journal.facts WHERE seq = 1", "fact 1 is missing"),
        ("DELETE FROM tenuto_journal.facts WHERE seq = 3", "it has ended, and its last fact is"),
    ],
)
def test_a_damaged_run_is_named(postgres_url: str, damage: str, says: str):
    """A changed row, a row of another place, a row that is gone: also the last of a run that has ended."""

    async def play() -> None:
        async with await PostgresJournal.open(postgres_url) as journal:
            rows = [*facts(1, 2), fact(3, "run.succeeded")]
            await keep(journal, "broken", rows, line=entry("broken", status="succeeded", ended_at=2.0))
            await changed(postgres_url, damage)
            await ended(journal, "whole")

            with pytest.raises(Damaged, match=f"run broken is damaged: {says}"):
                await journal.read("broken")
            assert len(await journal.read("whole")) == 2

    asyncio.run(play())


def test_a_damaged_blob_is_told(postgres_url: str):
    """Its name is what its content must hash to."""

    async def play() -> None:
        async with await PostgresJournal.open(postgres_url) as journal:
            name = await journal.put(b"content")
            await changed(postgres_url, "UPDATE tenuto_journal.blobs SET content = 'other'")
            await refused(journal.get(name), Damaged)

    asyncio.run(play())


def test_the_extent_of_damage_can_be_seen(postgres_url: str):
    """What `doctor` asks: every fact is looked at."""

    async def play() -> tuple[list[str], list[str]]:
        async with await PostgresJournal.open(postgres_url) as journal:
            for run in ("a", "b", "c"):
                await keep(journal, run, facts(1, 3))
            async with await PostgresReader.open(postgres_url) as reader:
                before = await reader.problems()
                await changed(postgres_url, "UPDATE tenuto_journal.facts SET body = 'x' WHERE run = 'a' AND seq = 2")
                await changed(postgres_url, "DELETE FROM tenuto_journal.facts WHERE run = 'c' AND seq = 1")
                return before, await reader.problems()

    before, after = asyncio.run(play())
    assert before == []
    assert after == ["fact 2 of the run a is not what was written", "the run c has no fact 1"]


def test_a_full_disk_is_told_and_passes(postgres_url: str):
    """R05, P11: nothing is acknowledged while there is no room, and writing goes on when there is."""

    async def play() -> None:
        async with await PostgresJournal.open(postgres_url) as journal:
            await keep(journal, "run", facts(1, 1))
            await changed(postgres_url, FULL)
            answers = await asyncio.gather(told(journal, "run", facts(2, 2)), told(journal, "other", facts(1, 1)))
            assert [type(answer) for answer in answers] == [StorageFull] * 2
            assert "No space left" in str(answers[0])
            await changed(postgres_url, "DROP FUNCTION full_disk CASCADE")
            await keep(journal, "run", facts(2, 2))
            assert await journal.read("run") == facts(1, 2)
            assert await journal.read("other") == []

    asyncio.run(play())


def test_what_does_not_fit_fails_alone(postgres_url: str):
    """An id that no index can hold, a number that no column can: their neighbours in the same transaction are kept."""

    async def play() -> None:
        long = os.urandom(10_000).hex()
        async with await PostgresJournal.open(postgres_url) as journal:
            answers = await asyncio.gather(
                *(told(journal, f"run-{number}", facts(1, 1)) for number in range(5)),
                told(journal, long, facts(1, 1)),
                told(journal, "odd", [fact(1, at="noon")]),  # type: ignore[arg-type]  # what nobody should say
                *(told(journal, f"run-{number}", facts(2, 2)) for number in range(5)),
            )
            assert [answer is None for answer in answers] == [True] * 5 + [False] * 2 + [True] * 5
            assert await journal.read("run-3") == facts(1, 2)
            assert await journal.read("odd") == []

    asyncio.run(play())


def test_labels_may_be_long(postgres_url: str):
    """Longer than what an index can hold, and in letters that take many bytes."""

    async def play() -> None:
        labels = {os.urandom(2_000).hex(): "🎻" * 1_000, "team": "red"}
        async with await PostgresJournal.open(postgres_url) as journal:
            await keep(journal, "run", facts(1, 1), line=entry("run", labels=labels))
            assert [line.labels for line in await journal.runs(RunQuery(labels=labels))] == [labels]
            assert await journal.runs(RunQuery(labels={"team": "blue"})) == []

    asyncio.run(play())


def test_somebody_elses_row_is_a_conflict(postgres_url: str):
    """Found inside the transaction: the writer's own memory does not know of it."""

    async def play() -> None:
        async with await PostgresJournal.open(postgres_url) as journal:
            await keep(journal, "run", facts(1, 2), blobs=[(digest_of(b"x"), b"x")])
            await changed(
                postgres_url,
                "INSERT INTO tenuto_journal.facts SELECT run, 3, type, at, crc, body FROM tenuto_journal.facts WHERE seq = 2",
            )
            answers = await asyncio.gather(told(journal, "run", facts(3, 3)), told(journal, "other", facts(1, 1)))
            assert isinstance(answers[0], Conflict)
            assert answers[1] is None
            await keep(journal, "run", facts(4, 4))

    asyncio.run(play())


def test_people_can_read_the_index(postgres_url: str):
    """The view shows texts, whatever stands in them."""

    async def play() -> list[Any]:
        async with await PostgresJournal.open(postgres_url) as journal:
            await keep(journal, "a\x00ö", facts(1, 1), line=entry("a\x00ö", labels={"team": "red"}))
            assert [line.id for line in await journal.runs(RunQuery())] == ["a\x00ö"]
        connection: Any = await asyncpg.connect(postgres_url)
        found = await connection.fetch("SELECT id, flow, status, labels FROM tenuto_journal.readable")
        await connection.close()
        return [tuple(line) for line in found]

    assert asyncio.run(play()) == [("a\\000\\303\\266", "hello", "running", ['["team", "red"]'])]
