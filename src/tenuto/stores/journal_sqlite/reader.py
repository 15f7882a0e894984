"""Reading: one connection on a thread of its own, so that neither the event loop nor the writer waits for it.

Each question is one short transaction: an open one would keep the log from being folded in. Used inside the owner, and
by other processes, which see what is durable and neither lock nor write.
"""

import asyncio
import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar, cast

import apsw

from tenuto.ports.integrity import checked, damaged
from tenuto.ports.journal import ENDS, Damaged, Row, RunEntry, RunQuery

from .database import check_format, connect, extent, meta, snapshot
from .failures import sentences
from .head import check, mark_in
from .lookups import listing
from .owner import owner_of
from .rows import SELECT_FACTS, entry_of
from .sql import Connection, Sql

T = TypeVar("T")


class SqliteReader:
    """What is in the journal of a data directory, for whoever does not own it. `FileNotFoundError` if it has none."""

    def __init__(self, directory: Path | str) -> None:
        self._path = Path(directory) / "journal.db"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tenuto-journal-read")
        self._db = self._thread.submit(_opened, self._path).result()

    async def read(self, run: str, after: int = 0, limit: int | None = None) -> list[Row]:
        """The facts of a run with `seq` greater than `after`, checked; [] for a run that does not exist."""
        return await self._ask(f"the run {run}", lambda: self._read(run, after, limit))

    async def runs(self, query: RunQuery) -> list[RunEntry]:
        return await self._ask("the index of runs", lambda: self._runs(query))

    async def get(self, digest: str) -> bytes:
        """The content of a blob; `KeyError` if there is none."""
        return await self._ask(f"the blob {digest}", lambda: self._get(digest))

    async def epoch(self) -> int:
        """How often the directory has had an owner."""
        return await self._ask("the header", lambda: cast("int", meta(self._db, "epoch")))

    async def owner(self) -> str | None:
        """Who drives the runs now, if anybody does."""
        pid = owner_of(self._path.parent)
        return None if pid is None else f"process {pid}"

    async def size(self) -> int:
        """Bytes."""
        return sum(file.stat().st_size for file in self._path.parent.glob(f"{self._path.name}*"))

    async def problems(self) -> list[str]:
        """What is wrong with the file as a whole, in SQLite's words; [] if nothing is. Reads all of it."""
        return await self._ask("the file", lambda: [str(row[0]) for row in self._integrity()])

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._db.close)
        self._thread.shutdown()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, what: str, question: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, question)
        except (apsw.CorruptError, apsw.IOError, apsw.NotADBError) as error:
            raise Damaged(f"{self._path} is damaged where {what} stands ({error}). Restore a backup.") from error

    def _read(self, run: str, after: int, limit: int | None) -> list[Row]:
        most = -1 if limit is None else limit
        with snapshot(self._db):
            rows = checked(run, after, self._db.execute(SELECT_FACTS, (run, after, most)))
            if rows and len(rows) != most and rows[-1].type not in ENDS:
                self._check_open(run, rows[-1])
        return rows

    def _check_open(self, run: str, last: Row) -> None:
        """A run that the index calls ended ends with a fact that says so."""
        if self._db.execute("SELECT ended_at FROM runs WHERE id = ?", (run,)).get is not None:
            raise damaged(run, f"it has ended, and its last fact is {last.type} ({last.seq})")

    def _runs(self, query: RunQuery) -> list[RunEntry]:
        with snapshot(self._db):
            statement, values = listing(query)
            return [entry_of(row) for row in self._db.execute(statement, values)]

    def _get(self, digest: str) -> bytes:
        content = self._db.execute("SELECT content FROM blobs WHERE hash = ?", (digest,)).get
        if content is None:
            raise KeyError(digest)
        if hashlib.sha256(cast("bytes", content)).hexdigest() != digest:
            raise Damaged(f"The blob {digest} in {self._path} is not what was stored. Restore a backup.")
        return cast("bytes", content)

    def _integrity(self) -> list[tuple[Sql, ...]]:
        found = self._db.execute("PRAGMA integrity_check").fetchall()
        return [] if found == [("ok",)] else found


def _opened(path: Path) -> Connection:
    if not path.exists():
        raise FileNotFoundError(f"There is no journal in {path.parent}.")
    with sentences(path):
        db = _connected(path)
        check_format(db, path)
        _check_length(db, path)
    return db


def _check_length(db: Connection, path: Path) -> None:
    """The head first, the database can only be further. But an owner may begin its log again in between: look again."""
    for last_look in (False, False, True):
        try:
            return check(mark_in(path.with_name("journal.head")), extent(db, path), path)
        except Damaged:
            if last_look:
                raise
    return None


def _connected(path: Path) -> Connection:
    """Where nothing can be written, not even the index of the log, the file is read as it is: it has no log then."""
    log = path.with_name(f"{path.name}-wal")
    db = connect(path, readonly=True)
    try:
        db.execute("PRAGMA schema_version").fetchall()
    except apsw.CantOpenError:
        db.close()
        if log.exists() and log.stat().st_size:
            raise
        return connect(path, readonly=True, immutable=True)
    return db
