"""The store in SQL: transactions over two pools of connections."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from tenuto.ports.records import Unavailable
from tenuto.ports.store import Transaction
from tenuto.stores.sql.agents import SqlAgents
from tenuto.stores.sql.audit import SqlAudit
from tenuto.stores.sql.claims import SqlClaims
from tenuto.stores.sql.conversations import SqlConversations
from tenuto.stores.sql.deliveries import SqlDeliveries
from tenuto.stores.sql.drafts import SqlDrafts
from tenuto.stores.sql.engines import BUSY_SECONDS, Engines, make_private
from tenuto.stores.sql.errors import translated
from tenuto.stores.sql.flow_list import SqlFlowList
from tenuto.stores.sql.housekeeping import SqlHousekeeping
from tenuto.stores.sql.http_tools import SqlHttpTools
from tenuto.stores.sql.keys import SqlKeyRing, SqlKeys
from tenuto.stores.sql.mcp_servers import SqlMcpPins, SqlMcpServers
from tenuto.stores.sql.memberships import SqlMemberships
from tenuto.stores.sql.notes import SqlNotes
from tenuto.stores.sql.outbox import SqlOutbox
from tenuto.stores.sql.publications import SqlPublications
from tenuto.stores.sql.roles import SqlRoles
from tenuto.stores.sql.schedules import SqlSchedules
from tenuto.stores.sql.sealed import SqlSecrets
from tenuto.stores.sql.session_lines import SqlSessionLines
from tenuto.stores.sql.sessions import SqlSessions
from tenuto.stores.sql.sql import Sql
from tenuto.stores.sql.stages import SqlStages
from tenuto.stores.sql.tenants import SqlTenants
from tenuto.stores.sql.users import SqlUsers
from tenuto.stores.sql.values import SqlValues
from tenuto.stores.sql.versions import SqlVersions
from tenuto.stores.sql.webhooks import SqlWebhookDeliveries, SqlWebhookQueue, SqlWebhooks


class SqlStore:
    """`open_store` makes one: the tables are there and at the revision of this program."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._turns = asyncio.Semaphore(engines.writers)
        self._writers: set[asyncio.Task[Any] | None] = set()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self._engines.writer.dialect.name

    def write(self) -> AbstractAsyncContextManager[Transaction]:
        return self._write()

    def read(self) -> AbstractAsyncContextManager[Transaction]:
        return self._read()

    async def close(self) -> None:
        await self._engines.close()

    async def backup(self, target: Path) -> None:
        """A copy of the SQLite file at one instant, complete and durable when this returns, whoever writes meanwhile."""
        source = self._engines.file
        if source is None:
            raise ValueError("only a store in a file is copied so; PostgreSQL has its own tools")
        await asyncio.to_thread(_copy, source, target)

    @asynccontextmanager
    async def _read(self) -> AsyncGenerator[Transaction]:
        with translated():
            connection = await self._engines.reader.connect().start()
        try:
            yield _transaction(Sql(connection, writing=False))
        finally:
            await connection.close()

    @asynccontextmanager
    async def _write(self) -> AsyncGenerator[Transaction]:
        task = asyncio.current_task()
        if task in self._writers:
            raise RuntimeError("a transaction is open in this task already; pass it on instead of asking for another")
        await self._my_turn()
        self._writers.add(task)
        try:
            async with self._begun() as connection:
                tx = _transaction(Sql(connection, writing=True))
                yield tx
                with translated():
                    await connection.commit()
        finally:
            self._writers.discard(task)
            self._turns.release()
        for call in tx.after:
            call()

    async def _my_turn(self) -> None:
        try:
            async with asyncio.timeout(BUSY_SECONDS):
                await self._turns.acquire()
        except TimeoutError:
            raise Unavailable("The store is busy: no transaction could begin in time.") from None

    @asynccontextmanager
    async def _begun(self) -> AsyncGenerator[AsyncConnection]:
        """A connection in a transaction, which is rolled back unless it was committed."""
        with translated():
            connection = await self._engines.writer.connect().start()
        try:
            with translated():
                await connection.begin()
            yield connection
        finally:
            await connection.close()


def _transaction(sql: Sql) -> Transaction:
    return Transaction(
        agents=SqlAgents(sql),
        audit=SqlAudit(sql),
        claims=SqlClaims(sql),
        conversations=SqlConversations(sql),
        deliveries=SqlDeliveries(sql),
        drafts=SqlDrafts(sql),
        flows=SqlFlowList(sql),
        housekeeping=SqlHousekeeping(sql),
        http_tools=SqlHttpTools(sql),
        key_ring=SqlKeyRing(sql),
        keys=SqlKeys(sql),
        mcp_pins=SqlMcpPins(sql),
        mcp_servers=SqlMcpServers(sql),
        memberships=SqlMemberships(sql),
        notes=SqlNotes(sql),
        outbox=SqlOutbox(sql),
        publications=SqlPublications(sql),
        roles=SqlRoles(sql),
        schedules=SqlSchedules(sql),
        sealed=SqlSecrets(sql),
        session_lines=SqlSessionLines(sql),
        sessions=SqlSessions(sql),
        stages=SqlStages(sql),
        tenants=SqlTenants(sql),
        users=SqlUsers(sql),
        variables=SqlValues(sql),
        versions=SqlVersions(sql),
        webhook_deliveries=SqlWebhookDeliveries(sql),
        webhook_queue=SqlWebhookQueue(sql),
        webhooks=SqlWebhooks(sql),
    )


def _copy(source: Path, target: Path) -> None:
    make_private(target)
    with sqlite3.connect(source, timeout=BUSY_SECONDS) as here, sqlite3.connect(target) as there:
        here.backup(there)
    here.close()
    there.close()
