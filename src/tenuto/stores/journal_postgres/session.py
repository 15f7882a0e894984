"""The owner's session: one connection that holds the lock. It comes back when it is lost, and says what became of a commit.

A commit whose answer never came is not in doubt for long. Each one counts itself in `meta`, only the owner counts, and
who holds the lock again knows that its session of before has ended with all that it was doing: so the count says whether
the commit was made. It is made again if it was not. Nobody else need know that the connection was lost.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from tenuto.ports.journal import Damaged, Newer, Owned
from tenuto.ports.records import Unavailable

from . import database, owner
from .failures import passes, place_of, refusal_to_open, unavailable
from .sql import Connection, connect

CONNECTING: Final = 10.0  # seconds
STALLED: Final = 60.0  # seconds; a commit that takes longer has lost its way
LEAVING: Final = 0.5  # seconds that a session which was just killed may take to let go of its lock
FIRST_PAUSE: Final = 0.02  # seconds between two attempts to come back; doubles
LAST_PAUSE: Final = 2.0

_log = logging.getLogger("tenuto.journal")

T = TypeVar("T")


class Session:
    """`claim`: of this ownership. `trouble`: why the database cannot be reached now, or None."""

    claim: owner.Claim
    warnings: tuple[str, ...]

    def __init__(self, url: str, directory: Path | None) -> None:
        self.where = place_of(url)
        self.trouble: Unavailable | None = None
        self.on_lost: Callable[[], None] = lambda: None
        self._url = url
        self._me = owner.this_process(directory)
        self._name = f"tenuto owner {secrets.token_hex(6)}"
        self._connection: Connection | None = None
        self._commits = 0  # as of the last commit that this session knows of
        self._found = 0  # as of the last time that it came back

    async def open(self) -> None:
        """Become the owner. `Owned` if somebody else is."""
        try:
            connection = await self._connected()
        except Exception as error:
            raise refusal_to_open(error, self.where) from error
        try:
            self.warnings = await database.make_durable(connection)
            await self._take_lock(connection)
            self.claim = await owner.begin_epoch(connection, self._me, self.where)
        except (Owned, Newer, Damaged):
            await connection.close(timeout=CONNECTING)
            raise
        except Exception as error:
            connection.terminate()
            raise refusal_to_open(error, self.where) from error
        self._commits = self.claim.commits
        self._use(connection)

    async def commit(self, work: Callable[[Connection], Awaitable[object]]) -> None:
        """`work` commits once, and counts it (`commits` of `meta`); what it raises has committed nothing.

        It is done again if the connection was lost before the commit. `Owned` or `Damaged`: never again.
        """
        while True:
            connection = await self.ready()
            try:
                async with asyncio.timeout(STALLED):
                    await work(connection)
            except Exception as error:
                if not passes(error):
                    raise
                self._lose(error)
                await self.ready()
                if self._found == self._commits:
                    continue
            self._commits += 1
            return

    async def ask(self, question: Callable[[Connection], Awaitable[T]]) -> T:
        """What changes nothing, and can be asked again."""
        while True:
            connection = await self.ready()
            try:
                async with asyncio.timeout(STALLED):
                    return await question(connection)
            except Exception as error:
                if not passes(error):
                    raise
                self._lose(error)

    async def ready(self) -> Connection:
        """The connection, come back if it was lost. `Owned` if somebody else took over meanwhile."""
        if self._connection is None or self._connection.is_closed():
            self._connection = None
            await self._come_back()
        assert self._connection is not None, "it has just come back"
        return self._connection

    def ousted(self) -> Owned:
        return Owned(
            f"Another process has taken over the runs in {self.where}. Nothing is written here any more: stop this process."
        )

    async def close(self) -> None:
        """Leave in order, as far as that is possible now."""
        connection, self._connection = self._connection, None
        self.on_lost = lambda: None
        if connection is None or connection.is_closed():
            return
        with suppress(Exception):  # then the next owner finds no word that this one left in order
            await owner.leave_in_order(connection, self.claim.epoch)
        with suppress(Exception):
            await connection.close(timeout=CONNECTING)

    def abandon(self) -> None:
        """Leave as if killed."""
        connection, self._connection = self._connection, None
        self.on_lost = lambda: None
        if connection is not None:
            connection.terminate()

    async def _connected(self) -> Connection:
        return await connect(self._url, database.session(self._name), within=CONNECTING)

    async def _take_lock(self, connection: Connection) -> None:
        deadline = asyncio.get_running_loop().time() + LEAVING
        while not await owner.take_lock(connection):
            if asyncio.get_running_loop().time() > deadline:
                raise await owner.in_use(connection, self.where)
            await asyncio.sleep(LEAVING / 10)

    def _use(self, connection: Connection) -> None:
        self._connection = connection
        connection.add_termination_listener(lambda *_: self.on_lost())

    def _lose(self, error: Exception) -> None:
        connection, self._connection = self._connection, None
        self._complain(error)
        if connection is not None:
            connection.terminate()

    async def _come_back(self) -> None:
        pause = FIRST_PAUSE
        while True:
            try:
                await self._reclaim()
            except (Owned, Newer, Damaged):
                raise
            except Exception as error:  # noqa: BLE001  whatever is in the way may pass, and only the way back is left
                self._complain(error)
            else:
                break
            await asyncio.sleep(pause)
            pause = min(pause * 2, LAST_PAUSE)
        if self.trouble is not None:
            _log.warning("%s answers again; everything goes on", self.where)
        self.trouble = None

    async def _reclaim(self) -> None:
        connection = await self._connected()
        try:
            await self._own_again(connection)
        except BaseException:
            connection.terminate()
            raise
        self._use(connection)

    async def _own_again(self, connection: Connection) -> None:
        """The lock, and a journal that is as it was left. What the session of before was doing has ended then."""
        await owner.end_sessions(connection, self._name)
        await database.make_durable(connection)
        if not await owner.take_lock(connection):
            if await owner.is_anothers(connection, self._name):
                raise self.ousted()
            raise ConnectionError("the lost session is still ending")
        line = await connection.fetchrow("SELECT identity, epoch, commits FROM tenuto_journal.meta")
        if line is None or line[0] != self.claim.identity:
            raise Damaged(f"{self.where} holds another journal than it did. Nothing is written any more.")
        if line[1] != self.claim.epoch:
            raise self.ousted()
        self._found = line[2]
        if self._found not in {self._commits, self._commits + 1}:
            raise Damaged(
                f"{self.where} is at commit {self._found}, and {self._commits} were acknowledged: it was restored, or another"
                " server has taken over that had not received everything. Nothing is written any more."
            )

    def _complain(self, error: Exception) -> None:
        if self.trouble is None:
            _log.warning("%s does not answer (%s); everything waits", self.where, error)
        self.trouble = unavailable(error, self.where)
