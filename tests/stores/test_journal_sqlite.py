"""The SQLite journal keeps every promise of the port."""

from pathlib import Path

from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.journal_conformance import DurableJournalConformance, StoredJournal


class TestSqliteJournal(DurableJournalConformance):
    async def open(self, directory: Path) -> StoredJournal:
        return SqliteJournal(directory)
