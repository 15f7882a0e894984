"""The journal on one SQLite file: one owner, one writer thread, one fsync for everything that waits.

What is where in a data directory: `journal.db` (with `-wal` and `-shm` beside it while it is open), `owner.lock` (who
drives the runs), `journal.head` (how far the journal had come, to notice when it is suddenly shorter).
"""

from .journal import SqliteJournal
from .owner import owner_of
from .reader import SqliteReader

__all__ = ["SqliteJournal", "SqliteReader", "owner_of"]
