"""R05, P11: when the disk is full nothing is acknowledged and nothing is damaged, and it goes on when there is room."""

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenuto.ports.journal import RunQuery, StorageFull
from tenuto.stores.journal_sqlite import SqliteJournal, SqliteReader
from tenuto.testing.journal_conformance import entry, fact, keep, told

BODY = b"x" * 500


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of two megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", place], capture_output=True)
    if mounted.returncode:
        pytest.skip("mounting a small file system takes privileges that this user has not")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


async def hundred(journal: SqliteJournal, run: str, first: int) -> list[BaseException | None]:
    """A hundred writes of a run, each after the one before; one that fails is not tried again."""
    answers: list[BaseException | None] = []
    seq = first
    for _ in range(100):
        answers.append(await told(journal, run, [fact(seq, body=BODY)]))
        seq += answers[-1] is None
    return answers


async def filled(journal: SqliteJournal, run: str) -> int:
    """Write until there is no room, also none that folding the log in makes; how many facts were acknowledged."""
    seq = refusals = 0
    while refusals < 5:
        answer = await told(journal, run, [fact(seq + 1, body=BODY)])
        seq, refusals = (seq + 1, 0) if answer is None else (seq, refusals + 1)
        assert seq < 5_000, "the disk is not small"
    return seq


async def assert_whole(journal: SqliteJournal, directory: Path, run: str, count: int) -> None:
    assert await journal.read(run) == [fact(seq, body=BODY) for seq in range(1, count + 1)]
    async with SqliteReader(directory) as reader:
        assert await reader.problems() == []


def test_a_full_disk_refuses_and_forgets_nothing_and_works_again_with_room(small_disk: Path):
    """A hundred writes on the full disk are refused in words; with room, a hundred succeed at once."""

    async def scenario() -> None:
        data, ballast = small_disk / "data", small_disk / "ballast"
        journal = SqliteJournal(data)
        ballast.write_bytes(bytes(1_600_000))
        count = await filled(journal, "run")
        on_full = await hundred(journal, "run", count + 1)
        await assert_whole(journal, data, "run", count)

        ballast.unlink()
        with_room = await hundred(journal, "run", count + 1)

        assert {type(answer) for answer in on_full} == {StorageFull}
        assert str(data) in str(on_full[0])
        assert with_room == [None] * 100
        assert journal.failure is None
        await assert_whole(journal, data, "run", count + 100)
        await journal.close()

    asyncio.run(scenario())


def test_closing_and_opening_on_a_full_disk_loses_nothing(small_disk: Path):
    """Leaving takes no room that is not there; coming back takes little, and says so if even that is missing."""

    async def scenario() -> None:
        data, ballast = small_disk / "data", small_disk / "ballast"
        ballast.write_bytes(bytes(200_000))
        journal = SqliteJournal(data)
        count = await filled(journal, "run")
        await journal.close()
        (small_disk / "more").write_bytes(bytes(shutil.disk_usage(small_disk).free))

        with pytest.raises(StorageFull, match=str(data)):
            SqliteJournal(data)
        ballast.unlink()
        journal = SqliteJournal(data)

        await assert_whole(journal, data, "run", count)
        await journal.close()

    asyncio.run(scenario())


def test_everybody_who_shares_the_failed_transaction_is_told(small_disk: Path):
    """Fifty runs at once on a full disk: fifty refusals, and none of them left a trace."""

    async def scenario() -> None:
        journal = SqliteJournal(small_disk / "data")
        await filled(journal, "run")
        runs = [f"late-{number}" for number in range(50)]
        answers = await asyncio.gather(*(told(journal, run, [fact(1, body=BODY)], line=entry(run)) for run in runs))

        assert {type(answer) for answer in answers} == {StorageFull}
        assert [await journal.read(run) for run in runs] == [[]] * 50
        assert await journal.runs(RunQuery()) == []
        await journal.close()

    asyncio.run(scenario())


LIMITED = """
import asyncio, resource, sys
from tenuto.ports.journal import StorageFull
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.journal_conformance import fact, told

async def main(directory):
    journal = SqliteJournal(directory)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
    seq = 0
    while (answer := await told(journal, "run", [fact(seq + 1, body=b"x" * 500)])) is None:
        seq += 1
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    again = await told(journal, "run", [fact(seq + 1, body=b"x" * 500)])
    await journal.close()
    print(type(answer).__name__, again, seq)

asyncio.run(main(sys.argv[1]))
"""


def test_a_limit_on_the_size_of_files_is_a_full_disk_too(tmp_path: Path):
    """Other words of the system for the same: refused, and accepted again once the limit is gone."""
    done = subprocess.run([sys.executable, "-c", LIMITED, tmp_path], capture_output=True, text=True, timeout=60)

    assert done.stdout.split()[:2] == ["StorageFull", "None"], done.stdout + done.stderr


def test_a_database_that_may_not_grow_is_a_full_disk(tmp_path: Path):
    """SQLite's own limit of pages, which is where a full disk shows when the log still has room."""

    async def scenario() -> None:
        journal = SqliteJournal(tmp_path)
        await keep(journal, "run", [fact(1)])
        await journal._task(lambda: journal._db.execute("PRAGMA max_page_count = 40").fetchall())
        count = await filled(journal, "other")
        await journal._task(lambda: journal._db.execute("PRAGMA max_page_count = 4000000").fetchall())

        assert await told(journal, "other", [fact(count + 1, body=BODY)]) is None
        await assert_whole(journal, tmp_path, "other", count + 1)
        await journal.close()

    asyncio.run(scenario())
