"""The SQLite journal keeps every promise of the port."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.journal_conformance import DurableJournalConformance, StoredJournal


class TestSqliteJournal(DurableJournalConformance):
    async def open(self, directory: Path) -> StoredJournal:
        return SqliteJournal(directory)


@pytest.fixture
def careless() -> Generator[None]:
    """A process whose files are for everybody unless it says otherwise."""
    before = os.umask(0o000)
    yield
    os.umask(before)


def modes(directory: Path) -> dict[str, str]:
    return {file.name: oct(file.stat().st_mode & 0o777) for file in directory.iterdir()}


class TestModes:
    @pytest.mark.usefixtures("careless")
    async def test_its_files_are_for_their_owner_alone(self, tmp_path: Path):
        """Also in a directory that others may look into. A copy is a journal like any other."""
        journal = SqliteJournal(tmp_path)
        await journal.backup(tmp_path / "copy.db")

        found = modes(tmp_path)
        await journal.close()

        assert {"journal.db", "journal.db-wal", "journal.db-shm", "copy.db"} <= found.keys()
        assert set(found.values()) == {"0o600"}

    async def test_one_that_others_could_read_is_closed(self, tmp_path: Path):
        await SqliteJournal(tmp_path).close()
        (tmp_path / "journal.db").chmod(0o644)

        await SqliteJournal(tmp_path).close()

        assert modes(tmp_path)["journal.db"] == "0o600"
