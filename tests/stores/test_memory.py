"""The memory journal keeps every promise of the port but durability."""

from pathlib import Path

from tenuto.stores.memory import MemoryJournal
from tenuto.testing.journal_conformance import JournalConformance, StoredJournal


class TestMemoryJournal(JournalConformance):
    async def open(self, directory: Path) -> StoredJournal:
        del directory
        return MemoryJournal()
