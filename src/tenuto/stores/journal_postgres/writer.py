"""The writer: one task, one session; whatever waits is written by one statement, which is one transaction.

- A write that cannot be kept (it does not continue its run, or its values are odd) fails alone.
- A database without room fails every write of the transaction; the next ones are tried again.
- While the database cannot be reached everything waits, in order, and nothing fails.
- Anything else ends the writer: another owner, another journal, a failed disk. All later writes get the same error, and the
  process should exit.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from tenuto.ports.journal import ENDS, Closed, Commits, Conflict, Damaged, Newer, Owned, StorageFull, Write, conflict

from .failures import verdict
from .rows import APPEND, LAST_FACTS, arguments, of_text, size_of, text
from .session import Session
from .sql import Connection

BATCH: Final = 1_000  # writes of one transaction, at most
LARGE: Final = 16_000_000  # bytes of one transaction, about
TAILS: Final = 100_000  # runs whose last fact is remembered
FAREWELL: Final = 10.0  # seconds that the end waits for a database that cannot be reached
TICK: Final = 0.2  # seconds

_FENCE: Final = "UPDATE tenuto_journal.meta SET commits = commits + 1 WHERE epoch = $1 RETURNING commits"
_FINAL: Final = (Owned, Newer, Damaged)

Result = BaseException | None
Task = Callable[[], Awaitable[None]]
T = TypeVar("T")


class Writer:
    """`failure`: why nothing is written any more, or None."""

    def __init__(self, session: Session) -> None:
        self.failure: Exception | None = None
        self.commits = Commits()
        self._session = session
        self._queue: deque[Write | Task] = deque()
        self._untold: list[Write] = []  # taken from the queue, and on its way
        self._answers: set[asyncio.Future[Any]] = set()  # of transactions that somebody waits for
        self._news = asyncio.Event()
        self._tails: dict[str, int] = {}  # run -> seq of its last fact, negative where that ended it
        self._stopped = False
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._session.on_lost = self._news.set
        self._worker = asyncio.get_running_loop().create_task(self._work())

    def put(self, write: Write) -> None:
        self._queue.append(write)
        self._news.set()

    async def transaction(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """What `work` does is one commit, in its turn among the writes."""
        if self._stopped:
            raise Closed("The journal is closed.")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()

        async def task() -> None:
            try:
                result = await self._transaction(work)
            except Exception as error:  # noqa: BLE001  it is the asker's
                if not answer.done():
                    answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)

        self._answers.add(answer)
        answer.add_done_callback(self._answers.discard)
        self._queue.append(task)
        self._news.set()
        return await answer

    def forget(self, run: str) -> None:
        """Look its last fact up in the table when it is written to again."""
        self._tails.pop(run, None)

    async def stop(self) -> None:
        """Everything that was put is durable when this returns, or was told otherwise."""
        self._stopped = True
        self._news.set()
        if self._worker is None:
            return
        patience = FAREWELL
        while not self._worker.done() and patience > 0:
            await asyncio.wait([self._worker], timeout=TICK)
            if self._session.trouble is not None:
                patience -= TICK
        self._worker.cancel()
        with suppress(asyncio.CancelledError):
            await self._worker
        self._give_up()

    def _give_up(self) -> None:
        """Of what was on its way nobody knows now whether it was written; the next owner reads it, if it was."""
        silent = f"{self._session.where} did not answer before the journal was closed"
        doubtful, unwritten = (
            Closed(f"{silent}: this may have been written."),
            Closed(f"{silent}: this was not written."),
        )
        left = [item for item in self._queue if isinstance(item, Write)]
        self._queue.clear()
        for answer in list(self._answers):
            answer.set_exception(doubtful)
        self._tell([*self._untold, *left], [doubtful] * len(self._untold) + [unwritten] * len(left))

    async def _work(self) -> None:
        while not self._stopped or self._queue:
            await self._news.wait()
            self._news.clear()
            while self._queue:
                await self._carry_out()
            if self.failure is None and not self._stopped:
                await self._stay_connected()

    async def _carry_out(self) -> None:
        """The writes that stand first share a commit; or the task that does."""
        first = self._queue[0]
        if isinstance(first, Write):
            self._untold = writes = self._waiting()
            results = await self._committed(writes)
            self._untold = []
            self._tell(writes, results)
        else:
            self._queue.popleft()
            await first()

    def _waiting(self) -> list[Write]:
        writes: list[Write] = []
        size = 0
        while self._queue and len(writes) < BATCH and size < LARGE:
            item = self._queue[0]
            if not isinstance(item, Write):
                break
            size += size_of(item)
            writes.append(item)
            self._queue.popleft()
        return writes

    async def _stay_connected(self) -> None:
        """An owner that has nothing to write keeps its lock all the same."""
        try:
            await self._session.ready()
        except _FINAL as error:
            self.failure = error

    async def _committed(self, writes: Sequence[Write], *, careful: bool = False) -> list[Result]:
        if self.failure is not None:
            return [self.failure] * len(writes)
        try:
            return await self._append(writes, careful=careful)
        except Exception as error:  # noqa: BLE001  whatever it is, nothing was committed and everybody must be told
            return await self._after(error, writes, careful=careful)

    async def _after(self, error: Exception, writes: Sequence[Write], *, careful: bool) -> list[Result]:
        """A trouble of the database is everybody's; an odd value is one write's: it is found by halves."""
        self._tails.clear()
        cause = error if isinstance(error, _FINAL) else verdict(error, self._session.where)
        if isinstance(cause, _FINAL):
            self.failure = cause
        if isinstance(cause, (*_FINAL, StorageFull)):
            return [cause] * len(writes)
        if not careful:
            return await self._committed(writes, careful=True)
        if len(writes) == 1:
            return [cause]
        half = len(writes) // 2
        first = await self._committed(writes[:half], careful=True)
        return first + await self._committed(writes[half:], careful=True)

    async def _append(self, writes: Sequence[Write], *, careful: bool) -> list[Result]:
        await self._look_up(writes, careful=careful)
        results: list[Result] = [self._refusal(write) for write in writes]
        kept = [write for write, refused in zip(writes, results, strict=True) if refused is None]
        if kept:
            bound = arguments(self._session.claim.epoch, kept)
            await self._session.commit(lambda connection: self._write(connection, bound))
            self.commits.add(len(kept), sum(len(write.rows) for write in kept))
        if len(self._tails) > TAILS:
            self._tails.clear()
        return results

    async def _write(self, connection: Connection, bound: Sequence[object]) -> None:
        if await connection.fetchval(APPEND, *bound) is None:
            raise self._session.ousted()

    async def _transaction(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        if self.failure is not None:
            raise self.failure
        results: list[T] = []

        async def fenced(connection: Connection) -> None:
            async with connection.transaction():
                if await connection.fetchval(_FENCE, self._session.claim.epoch) is None:
                    raise self._session.ousted()
                results.append(await work(connection))

        try:
            await self._session.commit(fenced)
        except _FINAL as error:
            self.failure = error
            raise
        except Conflict:
            raise
        except Exception as error:
            raise verdict(error, self._session.where) from error
        return results[-1]

    async def _look_up(self, writes: Sequence[Write], *, careful: bool) -> None:
        """Where runs stand that this writer does not remember. That a first fact is not the first, the key says."""
        unknown = {
            write.run
            for write in writes
            if write.rows and write.run not in self._tails and (careful or write.rows[0].seq > 1)
        }
        if not unknown:
            return
        keys = [text(run) for run in unknown]
        found: list[Any] = await self._session.ask(lambda connection: connection.fetch(LAST_FACTS, keys))
        for run, seq, type_ in found:
            self._tails[of_text(run)] = -seq if type_ in ENDS else seq

    def _refusal(self, write: Write) -> Conflict | None:
        """Whether the write continues its run; if so, remember where that leaves it."""
        if not write.rows:
            return None
        known = self._tails.get(write.run, 0)
        refused = conflict(write, abs(known), ended=known < 0)
        if refused is None:
            last = write.rows[-1]
            self._tails[write.run] = -last.seq if last.type in ENDS else last.seq
        return refused

    def _tell(self, writes: Sequence[Write], results: Sequence[Result]) -> None:
        """Wake all waiters of a transaction at once."""
        for write, result in zip(writes, results, strict=True):
            try:
                write.on_durable(result)
            except Exception as error:  # noqa: BLE001  one waiter's mistake must not leave the others waiting
                context = {"message": "on_durable raised", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)
