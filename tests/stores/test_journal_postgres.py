"""The PostgreSQL journal keeps every promise of the port."""

from pathlib import Path

import pytest

from tenuto.stores.journal_postgres import PostgresJournal
from tenuto.testing.journal_conformance import DurableJournalConformance, StoredJournal


class TestPostgresJournal(DurableJournalConformance):
    @pytest.fixture(autouse=True)
    def _database(self, postgres_url: str) -> None:
        self.url = postgres_url

    async def open(self, directory: Path) -> StoredJournal:
        return await PostgresJournal.open(self.url, directory)
