"""Reading, over a few connections of its own: neither the writer nor another reader is waited for.

Used inside the owner, and by other processes, which see what is durable and neither lock nor write. A question that was
interrupted is asked again: `patience` says for how long.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Final, Self, TypeVar, cast

from tenuto.ports.integrity import StoredFact, checked, checksum, damaged
from tenuto.ports.journal import ENDS, Closed, Damaged, Newer, Row, RunEntry, RunQuery

from . import database
from .failures import passes, place_of, refusal_to_open, unavailable, verdict
from .lookups import Listing
from .owner import holder
from .rows import SELECT_FACTS, entry_of, of_text, text
from .sql import Connection, Line, Pool, pool_of

CONNECTIONS: Final = 4
CONNECTING: Final = 10.0  # seconds
STALLED: Final = 60.0  # seconds
PATIENCE: Final = 5.0  # seconds that somebody who waits for an answer waits for the database
PAUSE: Final = 0.05  # seconds between two attempts; doubles
LAST_PAUSE: Final = 1.0

_EVERY_FACT: Final = "SELECT run, seq, type, at, crc, body FROM tenuto_journal.facts ORDER BY run, seq"
_SIZE: Final = """
SELECT COALESCE(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class
WHERE relnamespace = 'tenuto_journal'::regnamespace AND relkind = 'r'
"""
_NAME: Final = "tenuto reader"

T = TypeVar("T")


class PostgresReader:
    """What is in the journal of a database, for whoever does not own it. `patience` None: as long as it takes."""

    def __init__(self, pool: Pool, where: str, patience: float | None = PATIENCE) -> None:
        self._pool = pool
        self._where = where
        self._patience = patience
        self._closed = False

    @classmethod
    async def open(cls, url: str) -> Self:
        """`FileNotFoundError` if the database has no journal."""
        reader = cls(await connections(url), place_of(url))
        try:
            await reader._check()
        except BaseException:
            await reader.close()
            raise
        return reader

    def with_patience(self, seconds: float | None) -> "PostgresReader":
        """The same journal over the same connections."""
        return PostgresReader(self._pool, self._where, seconds)

    async def read(self, run: str, after: int = 0, limit: int | None = None) -> list[Row]:
        """The facts of a run with `seq` greater than `after`, checked; [] for a run that does not exist."""
        lines = await self._ask(lambda connection: connection.fetch(SELECT_FACTS, text(run), after, limit))
        rows = checked(run, after, (cast("StoredFact", tuple(line)[:5]) for line in lines))
        if rows and len(rows) != limit and rows[-1].type not in ENDS and lines[-1][5]:
            raise damaged(run, f"it has ended, and its last fact is {rows[-1].type} ({rows[-1].seq})")
        return rows

    async def runs(self, query: RunQuery) -> list[RunEntry]:
        return [entry_of(line) for line in await self._ask(lambda connection: _runs(connection, query))]

    async def get(self, digest: str) -> bytes:
        """The content of a blob; `KeyError` if there is none."""
        statement = "SELECT content FROM tenuto_journal.blobs WHERE hash = $1"
        content: bytes | None = await self._ask(lambda connection: connection.fetchval(statement, digest))
        if content is None:
            raise KeyError(digest)
        if hashlib.sha256(content).hexdigest() != digest:
            raise Damaged(f"The blob {digest} in {self._where} is not what was stored. Restore a backup.")
        return content

    async def epoch(self) -> int:
        """How often the journal has had an owner."""
        return await self._ask(lambda connection: connection.fetchval("SELECT epoch FROM tenuto_journal.meta"))

    async def owner(self) -> str | None:
        """Who drives the runs now, if anybody does."""
        found = await self._ask(holder)
        return None if found is None else str(found)

    async def size(self) -> int:
        """Bytes."""
        return await self._ask(lambda connection: connection.fetchval(_SIZE))

    async def problems(self) -> list[str]:
        """Every fact that is missing or is not what was written. Reads all of them."""
        return await self._ask(_problems, within=None)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            async with asyncio.timeout(CONNECTING):
                await self._pool.close()
        except (TimeoutError, OSError):
            self._pool.terminate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _check(self) -> None:
        """Once, without patience: who opens it wants to know what is wrong."""
        try:
            async with self._pool.acquire(timeout=CONNECTING) as connection:
                found = await database.exists(connection)
                if found:
                    await database.check_version(connection, self._where)
        except (Newer, Damaged):
            raise
        except Exception as error:
            raise refusal_to_open(error, self._where) from error
        if not found:
            raise FileNotFoundError(f"There is no journal in {self._where}.")

    async def _ask(self, question: Callable[[Connection], Awaitable[T]], within: float | None = STALLED) -> T:
        now = asyncio.get_running_loop().time
        deadline = None if self._patience is None else now() + self._patience
        pause = PAUSE
        while True:
            if self._closed:
                raise Closed("The journal is closed.")
            try:
                async with asyncio.timeout(within), self._pool.acquire(timeout=CONNECTING) as connection:
                    return await question(connection)
            except Exception as error:
                if not passes(error):
                    raise verdict(error, self._where) from error
                if deadline is not None and now() > deadline:
                    raise unavailable(error, self._where) from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE)


async def connections(url: str) -> Pool:
    try:
        settings = {**database.session(_NAME), "default_transaction_read_only": "on"}
        pool = pool_of(url, settings, size=CONNECTIONS, within=CONNECTING)
        return await pool.__aenter__()
    except ValueError as error:
        raise refusal_to_open(error, place_of(url)) from error


async def _runs(connection: Connection, query: RunQuery) -> list[Line]:
    listing = Listing(query)
    return await connection.fetch(listing.statement, *listing.bound)


async def _problems(connection: Connection) -> list[str]:
    found: list[str] = []
    last = b"", 0
    async with connection.transaction(readonly=True, isolation="repeatable_read"):
        async for run, seq, type_, at, crc, body in connection.cursor(_EVERY_FACT, prefetch=500):
            due = last[1] + 1 if run == last[0] else 1
            name = of_text(run)
            if seq != due:
                found.append(f"the run {name} has no fact {due}")
            if checksum(name, seq, type_, at, body) != crc:
                found.append(f"fact {seq} of the run {name} is not what was written")
            last = run, seq
    return found
