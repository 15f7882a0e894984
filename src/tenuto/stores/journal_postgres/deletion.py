"""Forgetting a run: its facts, its line in the index, and the blobs that nothing else refers to."""

from typing import Final

from tenuto.ports.journal import ENDS, Conflict

from .rows import LAST_FACTS, text
from .sql import Connection

_BLOBS_OF: Final = "SELECT hash FROM tenuto_journal.owners WHERE run = $1"
_FREE_BLOBS: Final = """
DELETE FROM tenuto_journal.blobs WHERE hash = ANY($1::text[])
AND NOT EXISTS (SELECT FROM tenuto_journal.owners WHERE owners.hash = blobs.hash)
"""


async def delete_run(connection: Connection, run: str) -> bool:
    """Inside a transaction. False if there is no such run; `Conflict` if it has not ended."""
    key = text(run)
    ended = await _has_ended(connection, key)
    if ended is None:
        return False
    if not ended:
        raise Conflict(f"The run {run} has not ended; cancel it before deleting it.")
    await connection.execute("DELETE FROM tenuto_journal.facts WHERE run = $1", key)
    await connection.execute("DELETE FROM tenuto_journal.runs WHERE id = $1", key)
    await disown(connection, run)
    return True


async def disown(connection: Connection, owner: str) -> None:
    """Inside a transaction: it refers to nothing any more."""
    key = text(owner)
    blobs = [line[0] for line in await connection.fetch(_BLOBS_OF, key)]
    await connection.execute("DELETE FROM tenuto_journal.owners WHERE run = $1", key)
    await connection.execute(_FREE_BLOBS, blobs)


async def _has_ended(connection: Connection, key: bytes) -> bool | None:
    """What its last fact says, or the index where it has no facts; None if neither knows it."""
    last = await connection.fetchrow(LAST_FACTS, [key])
    if last is not None:
        return last[2] in ENDS
    entry = await connection.fetchrow("SELECT ended_at FROM tenuto_journal.runs WHERE id = $1", key)
    return None if entry is None else entry[0] is not None
