"""Forgetting a run: its facts, its line in the index, and the blobs that nothing else refers to."""

from typing import Final, cast

from tenuto.ports.journal import ENDS, Conflict

from .rows import LAST_FACT
from .sql import Cursor

_BLOBS_OF: Final = "SELECT hash FROM owners WHERE run = ?"
_FREE_BLOB: Final = (
    "DELETE FROM blobs WHERE hash = ? AND NOT EXISTS (SELECT 1 FROM owners WHERE owners.hash = blobs.hash)"
)


def delete_run(cursor: Cursor, run: str) -> bool:
    """Inside a transaction. False if there is no such run; `Conflict` if it has not ended."""
    ended = _has_ended(cursor, run)
    if ended is None:
        return False
    if not ended:
        raise Conflict(f"The run {run} has not ended; cancel it before deleting it.")
    cursor.execute("DELETE FROM facts WHERE run = ?", (run,))
    cursor.execute("DELETE FROM runs WHERE id = ?", (run,))
    disown(cursor, run)
    return True


def disown(cursor: Cursor, owner: str) -> None:
    """Inside a transaction: it refers to nothing any more."""
    blobs = cursor.execute(_BLOBS_OF, (owner,)).fetchall()
    cursor.execute("DELETE FROM owners WHERE run = ?", (owner,))
    cursor.executemany(_FREE_BLOB, blobs)


def _has_ended(cursor: Cursor, run: str) -> bool | None:
    """What its last fact says, or the index where it has no facts; None if neither knows it."""
    last = cast("tuple[int, str] | None", cursor.execute(LAST_FACT, (run,)).fetchone())
    if last is not None:
        return last[1] in ENDS
    entry = cursor.execute("SELECT ended_at FROM runs WHERE id = ?", (run,)).fetchone()
    return None if entry is None else entry[0] is not None
