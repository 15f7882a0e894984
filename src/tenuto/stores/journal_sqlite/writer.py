"""The writer: one thread, one connection; whatever waits is written in one transaction with one fsync.

- A write that cannot be kept (it does not continue its run, or its values are odd) fails alone.
- A full disk fails every write of the transaction; the next ones are tried again.
- Anything else that the disk refuses ends the writer: after a failed fsync nobody knows what the disk holds, so it is
  never tried again. All later writes get the same error, and the process should exit.
"""

import queue
import threading
import time
from asyncio import AbstractEventLoop
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar, cast

import apsw

from tenuto.ports.journal import ENDS, Closed, Commits, Conflict, Damaged, StorageFull, Write, conflict

from .failures import verdict
from .folding import Log
from .rows import INSERT_FACT, LAST_FACT, PUT_ENTRY, FactRow, entry_row, fact_row
from .sql import Connection, Cursor

BATCH: Final = 1_000  # writes of one transaction, at most
QUICK: Final = 0.001  # seconds; a disk that is slower than this does not hold up the event loop
SMALL: Final = 65_536  # bytes of blobs; more is the thread's
FEW: Final = 100  # facts; more are, too
CALM: Final = 0.95  # after a hundred writes by the thread, a disk that was ten times too slow is tried again
TAILS: Final = 100_000  # runs whose last fact is remembered

Result = BaseException | None
Item = Write | Callable[[], None] | None
T = TypeVar("T")


class Writer:
    """Owns the connection from `start` to `stop`. All waiters live on one event loop at a time."""

    def __init__(self, db: Connection, log: Log, path: Path) -> None:
        self.failure: Damaged | None = None
        self.commits = Commits()
        self._cursor = db.cursor()
        self._db = db
        self._log = log
        self._path = path
        self._queue: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._tails: dict[str, int] = {}  # run -> seq of its last fact, of runs that have not ended
        self._loop: AbstractEventLoop | None = None
        self._turn = threading.Lock()  # whoever holds it uses the connection
        self._untold = 0  # writes whose waiters were not told yet; the event loop's own count
        self._pace = 0.0  # seconds that a commit took of late
        self._stopping = threading.Lock()
        self._stopped = False
        self._last: Callable[[], None] = lambda: None
        self._thread = threading.Thread(target=self._work, name="tenuto-journal-write", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, loop: AbstractEventLoop, write: Write) -> None:
        if loop is not self._loop:
            self._loop, self._untold = loop, 0
        self._untold += 1
        self._queue.put(write)

    def put_now(self, write: Write) -> bool:
        """Commit on the calling thread, unless that could overtake another write or take long."""
        if self._untold or _is_large(write) or self._pace > QUICK or not self._turn.acquire(blocking=False):
            self._pace *= CALM
            return False
        begun = time.perf_counter()
        try:
            result = self._committed([write])[0]
        finally:
            self._turn.release()
        self._pace += (time.perf_counter() - begun - self._pace) / 8
        if self._log.needs_tending():
            self._queue.put(self._tend)
        write.on_durable(result)
        return True

    def submit(self, task: Callable[[], T]) -> "Future[T]":
        """Run a task on the writer's thread, between two transactions, in its turn."""
        future: Future[T] = Future()
        with self._stopping:
            if self._stopped:
                raise Closed("The journal is closed.")
            self._queue.put(lambda: _settle(future, task))
        return future

    def stop(self, last: Callable[[], T]) -> "Future[T]":
        """Run the last task, after everything that was put before; then the thread ends."""
        future: Future[T] = Future()
        with self._stopping:
            self._stopped = True
            self._last = lambda: _settle(future, last, always=True)
            self._queue.put(None)
        return future

    def transaction(self, work: Callable[[Cursor], T]) -> T:
        """For tasks: what `work` does is one commit."""
        try:
            self._cursor.execute("BEGIN IMMEDIATE")
            result = work(self._cursor)
            self._commit()
        except Exception as error:
            cause = self._undo(error)
            if cause is error:
                raise
            raise cause from error
        return result

    def forget(self, run: str) -> None:
        """Look its last fact up in the table when it is written to again."""
        self._tails.pop(run, None)

    def _work(self) -> None:
        going = True
        while going:
            items = self._waiting()
            with self._turn:
                going = self._carry_out(items)
        self._last()

    def _waiting(self) -> list[Item]:
        first = self._queue.get()
        return [first, *(self._queue.get() for _ in range(min(self._queue.qsize(), BATCH)))]

    def _carry_out(self, items: list[Item]) -> bool:
        """In order; writes that follow one another share a commit. False once the writer is told to stop."""
        writes: list[Write] = []
        for item in items:
            if isinstance(item, Write):
                writes.append(item)
                continue
            self._write(writes)
            writes = []
            if item is None:
                return False
            item()
        self._write(writes)
        self._tend()
        return True

    def _tend(self) -> None:
        if self.failure is None:
            self._on_the_log(self._log.tend)

    def _on_the_log(self, work: Callable[[], T]) -> T | None:
        """The log's own errors are the disk's; lacking room it bears itself."""
        try:
            return work()
        except (apsw.Error, OSError) as error:
            self._undo(error)
            return None

    def _write(self, writes: Sequence[Write]) -> None:
        if writes:
            results = self._committed(writes)
            self._tell([(write.on_durable, result) for write, result in zip(writes, results, strict=True)])

    def _committed(self, writes: Sequence[Write]) -> list[Result]:
        if self.failure is not None:
            return [self.failure] * len(writes)
        try:
            return self._transaction(writes)
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing was committed and everybody must be told
            return self._after(error, writes)

    def _after(self, error: Exception, writes: Sequence[Write]) -> list[Result]:
        """A trouble of the disk is everybody's; an odd value is one write's: it is found by halves."""
        cause = self._undo(error)
        if isinstance(cause, StorageFull) and self._on_the_log(self._log.make_room):
            return self._committed(writes)
        if isinstance(cause, StorageFull | Damaged) or len(writes) == 1:
            return [cause] * len(writes)
        half = len(writes) // 2
        return self._committed(writes[:half]) + self._committed(writes[half:])

    def _transaction(self, writes: Sequence[Write]) -> list[Result]:
        cursor = self._cursor
        cursor.execute("BEGIN IMMEDIATE")
        results: list[Result] = []
        facts: list[FactRow] = []
        for write in writes:
            refused = self._refusal(write)
            results.append(refused)
            if refused is None:
                facts += [fact_row(write.run, row) for row in write.rows]
                self._put_extras(write)
        cursor.executemany(INSERT_FACT, facts)
        self._commit()
        self.commits.add(len(writes), len(facts))
        return results

    def _refusal(self, write: Write) -> Conflict | None:
        """Whether the write continues its run; if so, remember where that leaves it."""
        if not write.rows:
            return None
        seq, ended = self._tail(write.run)
        refused = conflict(write, seq, ended=ended)
        if refused is None:
            last = write.rows[-1]
            self._tails[write.run] = -last.seq if last.type in ENDS else last.seq
        return refused

    def _tail(self, run: str) -> tuple[int, bool]:
        known = self._tails.get(run)
        if known is not None:
            return abs(known), known < 0
        row = cast("tuple[int, str] | None", self._cursor.execute(LAST_FACT, (run,)).fetchone())
        return (row[0], row[1] in ENDS) if row else (0, False)

    def _put_extras(self, write: Write) -> None:
        if write.entry is not None:
            self._cursor.execute(PUT_ENTRY, entry_row(write.entry))
        for name, content in write.blobs:
            self._cursor.execute("INSERT OR IGNORE INTO blobs VALUES (?, ?)", (name, content))
            self._cursor.execute("INSERT OR IGNORE INTO owners VALUES (?, ?)", (name, write.run))

    def _commit(self) -> None:
        commits = self._log.commits + 1
        self._cursor.execute("UPDATE meta SET value = ? WHERE key = 'commits'", (commits,))
        self._cursor.execute("COMMIT")
        self._log.committed(commits)
        if len(self._tails) > TAILS:
            self._tails.clear()

    def _undo(self, error: Exception) -> Exception:
        """Roll back, and say what the error means: what waiters are told."""
        self._tails.clear()
        cause = verdict(error, self._path, self._db.system_errno)
        if not self._rolled_back():
            cause = verdict(apsw.IOError("a transaction could neither be committed nor undone"), self._path)
        if isinstance(cause, Damaged):
            self.failure = self.failure or cause
        return cause

    def _rolled_back(self) -> bool:
        """Some failures have rolled back already; then there is nothing left to undo."""
        try:
            if self._db.in_transaction:
                self._cursor.execute("ROLLBACK")
        except apsw.Error:
            return not self._db.in_transaction
        return True

    def _tell(self, told: list[tuple[Callable[[Result], None], Result]]) -> None:
        """Wake all waiters of a transaction at once."""
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(self._tell_all, loop, told)

    def _tell_all(self, loop: AbstractEventLoop, told: list[tuple[Callable[[Result], None], Result]]) -> None:
        self._untold -= len(told)
        for on_durable, result in told:
            try:
                on_durable(result)
            except Exception as error:  # noqa: BLE001  # one waiter's mistake must not leave the others waiting
                loop.call_exception_handler({"message": "on_durable raised", "exception": error})


def _is_large(write: Write) -> bool:
    if len(write.rows) > FEW:
        return True
    return bool(write.blobs) and sum(len(content) for _, content in write.blobs) > SMALL


def _settle(future: "Future[T]", task: Callable[[], T], *, always: bool = False) -> None:
    """`always`: do it even if nobody waits for it any more."""
    wanted = future.set_running_or_notify_cancel()
    if not wanted and not always:
        return
    try:
        result = task()
    except BaseException as error:  # noqa: BLE001  # it is the asker's
        if wanted:
            future.set_exception(error)
    else:
        if wanted:
            future.set_result(result)
