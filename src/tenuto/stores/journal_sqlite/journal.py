"""The owner's journal: everything the port promises, on one file. See writer.py and reader.py for how.

Opening takes the lock, checks what is there, and begins a new epoch; it blocks for some milliseconds.
"""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, Self, TypeVar, cast

from tenuto.ports.journal import Closed, Commits, Damaged, Row, RunEntry, RunQuery, StorageFull, Write

from . import database
from .backup import Backup, in_words, sync_directory
from .deletion import delete_run, disown
from .disks import warning_about
from .failures import sentences
from .folding import Log
from .head import Head, check, mark_in
from .owner import Owner
from .reader import SqliteReader
from .sql import Cursor
from .writer import Writer

NO_CHECKSUMS: Final = (
    "This build of apsw cannot check pages, so some damage to the journal would go unseen: install its own wheel."
)

T = TypeVar("T")


class SqliteJournal:
    """A `Journal` and a `Blobs`, owned by this process until `close`.

    `epoch` goes up with every owner; `previous_clean` says whether the last one left in order; `warnings` are sentences
    about what this place cannot promise.
    """

    def __init__(self, directory: Path | str) -> None:
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._owner = Owner(self.directory)
        try:
            self._open(self.directory / "journal.db")
        except BaseException:
            self._owner.release()
            raise
        warnings = (warning_about(self.directory), None if database.checks_pages() else NO_CHECKSUMS)
        self.warnings = tuple(warning for warning in warnings if warning)
        self._closed = False

    def append(self, write: Write, *, alone: bool = False) -> None:
        """A write that is `alone` is made here and now if the disk is quick: that saves two changes of thread."""
        loop = asyncio.get_running_loop()
        if self._closed:
            loop.call_soon(write.on_durable, Closed("The journal is closed."))
        elif not (alone and self._writer.put_now(write)):
            self._writer.put(loop, write)

    async def read(self, run: str, after: int = 0, limit: int | None = None) -> list[Row]:
        return await self._reader.read(run, after, limit)

    async def runs(self, query: RunQuery) -> list[RunEntry]:
        return await self._reader.runs(query)

    async def delete(self, run: str) -> bool:
        """Forget a run that has ended. Its facts go in one transaction, so a reader sees all of them or none."""
        return await self._task(lambda: self._deleted(run))

    async def put(self, content: bytes, owner: str = "") -> str:
        """Keep a blob; its name, once it is durable."""
        name = hashlib.sha256(content).hexdigest()
        durable: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.append(Write(owner, (), lambda error: _resolve(durable, error), blobs=((name, content),)))
        await durable
        return name

    async def get(self, digest: str) -> bytes:
        return await self._reader.get(digest)

    async def disown(self, owner: str) -> None:
        """The owner, which is no run, refers to nothing any more; what nobody else refers to is forgotten."""
        await self._task(lambda: self._disowned(owner))

    async def backup(self, target: Path | str) -> None:
        """Copy the journal as it is when this returns to a new file, while it is in use. See `Backup`."""
        with in_words(Path(target)):
            backup = await self._task(lambda: Backup(self._db, Path(target)))
            try:
                while not await self._task(backup.step):
                    pass
                await self._task(backup.complete)
            finally:
                await asyncio.get_running_loop().run_in_executor(None, backup.close)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._reader.close()
        await asyncio.wrap_future(self._writer.stop(self._end))

    @property
    def reader(self) -> Self:
        """Whom people ask: a file is never away, so that is the journal itself."""
        return self

    async def reachable(self) -> None:
        """At once: a file is never away."""

    @property
    def failure(self) -> Damaged | None:
        """Why nothing is written any more, or None."""
        return self._writer.failure

    @property
    def commits(self) -> Commits:
        return self._writer.commits

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _task(self, task: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._writer.submit(task))

    def _deleted(self, run: str) -> bool:
        self._writer.forget(run)
        return self._writer.transaction(lambda cursor: delete_run(cursor, run))

    def _disowned(self, owner: str) -> None:
        self._writer.transaction(lambda cursor: disown(cursor, owner))

    def _open(self, path: Path) -> None:
        """Check what is there, and begin a new epoch."""
        head_path = path.with_name("journal.head")
        mark = mark_in(head_path)
        with sentences(path):
            self._db = db = database.create_or_open(path, new=not head_path.exists())
            found = database.extent(db, path)
            check(mark, found, path)
            self._head = Head(head_path, found.identity)
            self._log = Log(db, self._head, path, found)
            self._writer = Writer(db, self._log, path)
            self.previous_clean = database.meta(db, "clean") == 1
            self.epoch = self._writer.transaction(_begin_epoch)
            self._head.sync()
            sync_directory(self.directory)
            self._reader = SqliteReader(self.directory)
        self._writer.start()

    def _end(self) -> None:
        """On the writer's thread, as its last task: leave in order, unless something has failed."""
        try:
            if self._writer.failure is None:
                self._writer.transaction(_leave_in_order)
                self._log.fold_all()
        except StorageFull:
            pass  # then the next owner finds the log unfolded, and no word that this one left in order
        finally:
            self._db.close()
            self._head.close()
            self._owner.release()


def _begin_epoch(cursor: Cursor) -> int:
    cursor.execute("UPDATE meta SET value = value + 1 WHERE key = 'epoch'")
    cursor.execute("UPDATE meta SET value = 0 WHERE key = 'clean'")
    return cast("int", cursor.execute("SELECT value FROM meta WHERE key = 'epoch'").get)


def _leave_in_order(cursor: Cursor) -> None:
    cursor.execute("UPDATE meta SET value = 1 WHERE key = 'clean'")


def _resolve(future: "asyncio.Future[None]", error: BaseException | None) -> None:
    if future.done():
        return  # whoever waited has gone
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
