"""The log (`-wal`): folded into the database when it has grown, and grown ahead of what is written to it.

Folding is bounded, and never done while nobody knows (see head.py). Growing ahead: a sync of bytes in the middle of a
file costs three quarters of one that makes the file longer, so zeros are put down first, twice as many each time, until
the log has the size at which it is folded and begun again in place. SQLite takes zeros for what they are: not frames.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from .database import PAGE
from .head import Extent, Head
from .sql import Connection

FRAME: Final = PAGE + 24  # bytes of a page in the log
GROW_FROM: Final = 64  # pages
GROW_BEFORE: Final = 16  # pages; as many as are left when the file is made longer
FOLD_AT: Final = 2_000  # pages (8 MB); then the log is folded in
PRESS_AT: Final = 16_000  # pages (64 MB): readers stood in the way; wait for them, a little


class Log:
    """Counts commits and pages; knows when the log is due to be folded in."""

    def __init__(self, db: Connection, head: Head, path: Path, found: Extent) -> None:
        self.commits = found.commits
        self._db = db
        self._head = head
        self._path = path
        self._log_path = path.with_name(f"{path.name}-wal")
        self._frames = found.frames
        self._grown_to = 0  # pages that the file has room for
        self._due = FOLD_AT
        self._folding = found.frames  # who knows how far the last owner had come
        self._pages = 0 if found.frames else found.pages
        db.set_wal_hook(self._count)

    def committed(self, commits: int) -> None:
        self.commits = commits
        with suppress(OSError):  # the head is a witness: the commit stands without it
            self._head.note(commits, self._folding, self._pages)

    def needs_tending(self) -> bool:
        return self._is_short() or self._frames >= self._due

    def tend(self) -> None:
        """Between two commits, while nobody waits."""
        if self._is_short():
            self._grow()
        if self._frames >= self._due:
            self._fold(apsw.SQLITE_CHECKPOINT_PASSIVE if self._frames < PRESS_AT else apsw.SQLITE_CHECKPOINT_RESTART)

    def make_room(self) -> bool:
        """The log cannot grow: fold it in and begin it again in place. True if that was possible, and worth it."""
        return self._frames > 0 and self._fold(apsw.SQLITE_CHECKPOINT_PASSIVE)

    def _is_short(self) -> bool:
        return self._grown_to - GROW_BEFORE < self._frames < FOLD_AT

    def fold_all(self) -> None:
        """At the end: then SQLite removes the log when the connection closes, unless somebody still reads."""
        if self._fold(apsw.SQLITE_CHECKPOINT_FULL):
            self._db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)

    def _fold(self, mode: int) -> bool:
        """Fold in what readers allow; True if that was all. Lacking room is no failure: everything stands in the log."""
        self._due = self._frames + FOLD_AT
        try:
            self._mark(self._frames)
            written, folded = self._db.wal_checkpoint("main", mode)
        except (OSError, apsw.FullError, apsw.BusyError, apsw.LockedError):
            return False
        if folded < written:
            return False
        self._pages = self._path.stat().st_size // PAGE
        self._mark(0)
        self._frames, self._due = 0, FOLD_AT
        return True

    def _grow(self) -> None:
        """Only speed depends on it, so not being able to is no failure."""
        self._grown_to = min(max(GROW_FROM, self._frames * 2), FOLD_AT + GROW_BEFORE)
        with suppress(OSError):
            lengthen(self._log_path, self._grown_to * FRAME)

    def _mark(self, folding: int) -> None:
        """Synced, as the head is otherwise not: on either side of a checkpoint it must be right."""
        self._folding = folding
        self._head.note(self.commits, folding, self._pages)
        self._head.sync()

    def _count(self, _db: Connection, _name: str, pages: int) -> int:
        self._frames = pages
        return apsw.SQLITE_OK


def lengthen(path: Path, size: int) -> None:
    """Put zeros at the end of a file that is there, durably, until it has this size."""
    with path.open("r+b") as file:
        missing = size - file.seek(0, os.SEEK_END)
        if missing > 0:
            file.write(bytes(missing))
            file.flush()
            os.fsync(file.fileno())
