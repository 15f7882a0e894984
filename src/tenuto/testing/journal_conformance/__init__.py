"""What every journal must do: subclass `JournalConformance`, say how yours is opened, and let pytest run it.

    from tenuto.testing.journal_conformance import JournalConformance, StoredJournal

    class TestMyJournal(JournalConformance):
        async def open(self, directory: Path) -> StoredJournal:
            return MyJournal(directory)

`directory` is empty and the test's own. A journal that is durable subclasses `DurableJournalConformance`: then it is
also closed and opened again on the same directory, and everything must still be there.
"""

from .blobs import BlobsKept
from .closing import Closing, Reopening
from .conflicts import Conflicts
from .deletion import Deletion
from .lookups import Lookups
from .odd_values import OddValues
from .suite import StoredJournal, ended, entry, fact, facts, ids, keep, refused, told
from .writing import Writing

__all__ = [
    "DurableJournalConformance",
    "JournalConformance",
    "StoredJournal",
    "ended",
    "entry",
    "fact",
    "facts",
    "ids",
    "keep",
    "refused",
    "told",
]


class JournalConformance(Writing, Conflicts, OddValues, Lookups, Deletion, BlobsKept, Closing):
    """The promises of `ports/journal.py` and `ports/blobs.py`, one test each."""


class DurableJournalConformance(JournalConformance, Reopening):
    """The same, and what outlives the process."""
