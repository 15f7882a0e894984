"""One owner per database: an advisory lock that ends with the session that holds it, and an epoch that goes up with each.

The lock keeps a second process out; the epoch keeps out one that lost its lock and does not know: every write names the
epoch it was made under, and is refused once there is a later one (P5).
"""

import json
import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tenuto.ports.journal import Owned

from . import database
from .failures import sqlstate
from .sql import Connection

LOCK: Final = 0x0054_656E_7574_6F00  # "Tenuto"

_TAKE: Final = "SELECT pg_try_advisory_lock($1)"
_HELD: Final = """
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND classid = ($1::bigint >> 32)::oid
    AND objid = ($1::bigint & 4294967295)::oid
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""
_END_OTHERS: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = $1 AND datname = current_database() AND pid <> pg_backend_pid()
"""


@dataclass(slots=True, frozen=True)
class Holder:
    """Who drives the runs, as it wrote itself down."""

    pid: int
    host: str
    directory: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}, whose data directory is {self.directory}"

    @property
    def is_here(self) -> bool:
        return self.host == socket.gethostname()


def this_process(directory: Path | None) -> Holder:
    return Holder(os.getpid(), socket.gethostname(), str((directory or Path()).absolute()))


@dataclass(slots=True, frozen=True)
class Claim:
    """What was found when an epoch began. `clean`: the owner before left in order."""

    identity: bytes
    epoch: int
    commits: int
    clean: bool


async def take_lock(connection: Connection) -> bool:
    return await connection.fetchval(_TAKE, LOCK)


async def end_sessions(connection: Connection, name: str) -> None:
    """Those of this very owner that it has lost; the server may not have noticed yet."""
    await connection.fetch(_END_OTHERS, name)


async def is_anothers(connection: Connection, name: str) -> bool:
    """Whether the lock is held, and by a session of another name."""
    return any(held_by != name for (held_by,) in await connection.fetch(_HELD, LOCK))


async def holder(connection: Connection) -> Holder | None:
    """Who drives the runs of this database now, if anybody does."""
    if not await connection.fetch(_HELD, LOCK) or not await database.exists(connection):
        return None
    said = await connection.fetchval("SELECT owner FROM tenuto_journal.meta")
    return Holder(**json.loads(said)) if said else None


async def begin_epoch(connection: Connection, me: Holder, where: str) -> Claim:
    """By who holds the lock: lay the tables out if there are none, and be the owner from now on."""
    async with connection.transaction():
        if not await database.exists(connection):
            await database.lay_out(connection)
        await database.check_version(connection, where)
        line = await connection.fetchrow("SELECT identity, epoch, commits, clean FROM tenuto_journal.meta FOR UPDATE")
        assert line is not None, "its version was just read"
        identity, epoch, commits, clean = line
        await connection.execute(
            "UPDATE tenuto_journal.meta SET epoch = epoch + 1, clean = false, owner = $1", json.dumps(asdict(me))
        )
    return Claim(identity, epoch + 1, commits, clean)


async def leave_in_order(connection: Connection, epoch: int) -> None:
    await connection.execute("UPDATE tenuto_journal.meta SET clean = true, owner = '' WHERE epoch = $1", epoch)


async def in_use(connection: Connection, where: str) -> Owned:
    """What a second owner is told."""
    try:
        other = await holder(connection)
    except Exception as error:
        if not sqlstate(error):
            raise
        other = None  # this user may not look
    who = str(other) if other else "another process"
    message = f"{where} is in use by {who}. Give the command there, or over its API; or stop that process first."
    if other is None or not other.is_here:
        return Owned(message, None, "")
    return Owned(message, other.pid, other.directory)
