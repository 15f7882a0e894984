"""The owner's journal: everything the port promises, in one database. See writer.py, session.py and reader.py for how."""

import asyncio
import hashlib
from pathlib import Path
from typing import Self

from tenuto.ports.database_url import DatabaseUrl, no_backup
from tenuto.ports.journal import Closed, Commits, Row, RunEntry, RunQuery, Write
from tenuto.ports.records import Unavailable

from .deletion import delete_run, disown
from .reader import PATIENCE, PAUSE, PostgresReader, connections
from .session import Session
from .sql import Connection
from .writer import Writer


class PostgresJournal:
    """A `Journal` and a `Blobs`, owned by this process until `close`. `await PostgresJournal.open(url)` makes one.

    `epoch` goes up with every owner; `previous_clean` says whether the last one left in order; `warnings` are sentences
    about what this server cannot promise. While the database cannot be reached, `append`, `read` and the others wait for
    it (`trouble` says so); `reader` is for people who ask, and gives up after some seconds.
    """

    def __init__(self, url: str, session: Session, reader: PostgresReader) -> None:
        self._url = DatabaseUrl(url)
        self.epoch = session.claim.epoch
        self.previous_clean = session.claim.clean
        self.warnings = session.warnings
        self.reader = reader.with_patience(PATIENCE)
        self._session = session
        self._reader = reader
        self._writer = Writer(session)
        self._writer.start()
        self._closed = False

    @classmethod
    async def open(cls, url: str, directory: Path | None = None) -> Self:
        """`directory`: of this owner, for who looks for it. `Owned` if another process owns the journal."""
        session = Session(url, directory)
        await session.open()
        return cls(url, session, PostgresReader(await connections(url), session.where, None))

    def append(self, write: Write, *, alone: bool = False) -> None:
        del alone  # the way to the database is longer than that to another task
        if self._closed:
            asyncio.get_running_loop().call_soon(write.on_durable, Closed("The journal is closed."))
        else:
            self._writer.put(write)

    async def read(self, run: str, after: int = 0, limit: int | None = None) -> list[Row]:
        return await self._reader.read(run, after, limit)

    async def runs(self, query: RunQuery) -> list[RunEntry]:
        return await self._reader.runs(query)

    async def delete(self, run: str) -> bool:
        """Forget a run that has ended. Its facts go in one transaction, so a reader sees all of them or none."""
        return await self._writer.transaction(lambda connection: self._deleted(connection, run))

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
        await self._writer.transaction(lambda connection: disown(connection, owner))

    async def reachable(self) -> None:
        """Returns when the database answers, or raises what is the matter if it has not for some seconds."""
        now = asyncio.get_running_loop().time
        deadline = now() + PATIENCE
        while self.trouble is not None:
            if now() > deadline:
                raise Unavailable(str(self.trouble))
            await asyncio.sleep(PAUSE)

    async def backup(self, target: Path | str) -> None:
        """PostgreSQL has a tool of its own, and `Refused` says which."""
        raise no_backup(self._url, target)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        await self._writer.stop()
        await self._session.close()
        await self._reader.close()

    @property
    def commits(self) -> Commits:
        return self._writer.commits

    @property
    def failure(self) -> Exception | None:
        """Why nothing is written any more, or None."""
        return self._writer.failure

    @property
    def trouble(self) -> Unavailable | None:
        """Why everything waits now, or None."""
        return self._session.trouble

    async def _deleted(self, connection: Connection, run: str) -> bool:
        self._writer.forget(run)  # its id may be used afresh
        return await delete_run(connection, run)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _resolve(future: "asyncio.Future[None]", error: BaseException | None) -> None:
    if future.done():
        return  # whoever waited has gone
    if error is None:
        future.set_result(None)
    else:
        future.set_exception(error)
