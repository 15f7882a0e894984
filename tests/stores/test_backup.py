"""P14: a backup is made while the journal is in use, holds what was acknowledged before, and opens as a later epoch."""

import asyncio
from pathlib import Path

import pytest

from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Row
from tenuto.stores.journal_sqlite import SqliteJournal, SqliteReader
from tenuto.stores.journal_sqlite import backup as backups
from tenuto.testing.journal_conformance import entry, fact, facts, keep

BLOB = (digest_of(b"blob" * 30_000), b"blob" * 30_000)


def restored(backup: Path, directory: Path) -> SqliteJournal:
    """As the documentation says: the file, under its name, in an empty directory."""
    directory.mkdir()
    backup.rename(directory / "journal.db")
    return SqliteJournal(directory)


def test_a_backup_opens_as_a_journal_of_a_later_epoch(tmp_path: Path):
    """Facts, index, blobs; the restored journal goes on, and its epoch is none that the original had."""

    async def scenario() -> None:
        journal = SqliteJournal(tmp_path / "data")
        await keep(journal, "run", facts(1, 40), blobs=[BLOB], line=entry("run"))
        await journal.backup(tmp_path / "backup.db")

        copy = restored(tmp_path / "backup.db", tmp_path / "restored")
        await keep(copy, "run", facts(41, 41))

        assert copy.epoch > journal.epoch
        assert not copy.previous_clean
        assert await copy.read("run") == facts(1, 41)
        assert await copy.get(BLOB[0]) == BLOB[1]
        assert await journal.read("run") == facts(1, 40)
        await journal.close()
        await copy.close()
        async with SqliteReader(tmp_path / "restored") as reader:
            assert await reader.problems() == []

    asyncio.run(scenario())


def test_a_backup_of_more_than_fits_a_cache_has_whole_pages(tmp_path: Path):
    """What was not folded into the file yet is read from the log, where pages have no checksums."""

    async def scenario() -> None:
        journal = SqliteJournal(tmp_path / "data")
        large = [(digest_of(content), content) for content in (bytes([n]) * 200_000 for n in range(40))]
        await keep(journal, "large", facts(1, 1), blobs=large, line=entry("large"))
        await journal.close()
        journal = SqliteJournal(tmp_path / "data")
        for n in range(10):
            await keep(journal, f"later-{n}", facts(1, 3), line=entry(f"later-{n}"))

        await journal.backup(tmp_path / "backup.db")

        await journal.close()
        copy = restored(tmp_path / "backup.db", tmp_path / "restored")
        assert await copy.read("later-9") == facts(1, 3)
        await copy.close()
        async with SqliteReader(tmp_path / "restored") as reader:
            assert await reader.problems() == []

    asyncio.run(scenario())


def test_a_backup_under_load_is_a_prefix_with_all_that_was_acknowledged_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Copied a few pages at a time between commits: one instant, nothing torn, writers go on meanwhile."""
    monkeypatch.setattr(backups, "STEP", 4)

    async def scenario() -> None:
        journal = SqliteJournal(tmp_path / "data")
        acked: dict[str, int] = {}
        going = True

        async def drive(run: str) -> None:
            while going:
                seq = acked.get(run, 0) + 1
                await keep(journal, run, [fact(seq, body=run.encode() * 50)])
                acked[run] = seq

        writers = [asyncio.create_task(drive(f"run-{number}")) for number in range(6)]
        while len(acked) < 6 or min(acked.values()) < 15:  # noqa: ASYNC110  # what it waits for is in six tasks
            await asyncio.sleep(0.005)
        before = dict(acked)
        await journal.backup(tmp_path / "backup.db")
        after = {run: seq + 1 for run, seq in acked.items()}
        going = False
        await asyncio.gather(*writers)
        await journal.close()

        copy = restored(tmp_path / "backup.db", tmp_path / "restored")
        for run, least in before.items():
            rows: list[Row] = await copy.read(run)
            assert least <= len(rows) <= after[run]
            assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
        assert sum(after.values()) > sum(before.values())
        await copy.close()

    asyncio.run(scenario())


def test_a_backup_never_overwrites(tmp_path: Path):
    """And one that fails leaves nothing behind."""

    async def scenario() -> None:
        (tmp_path / "taken.db").write_bytes(b"precious")
        async with SqliteJournal(tmp_path / "data") as journal:
            with pytest.raises(FileExistsError, match=r"taken\.db exists"):
                await journal.backup(tmp_path / "taken.db")
            with pytest.raises(FileNotFoundError, match="nowhere"):
                await journal.backup(tmp_path / "nowhere" / "backup.db")

    asyncio.run(scenario())

    assert (tmp_path / "taken.db").read_bytes() == b"precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "taken.db"]


def test_an_older_copy_in_place_of_the_journal_is_refused(tmp_path: Path):
    """Beside the head of a longer one it would silently be a shorter history."""

    async def scenario() -> bytes:
        async with SqliteJournal(tmp_path) as journal:
            await keep(journal, "run", facts(1, 1))
        older = (tmp_path / "journal.db").read_bytes()
        async with SqliteJournal(tmp_path) as journal:
            await keep(journal, "run", facts(2, 2))
        return older

    older = asyncio.run(scenario())
    (tmp_path / "journal.db").write_bytes(older)

    with pytest.raises(Exception, match=r"ends at commit \d+, and \d+ were acknowledged"):
        SqliteJournal(tmp_path)
