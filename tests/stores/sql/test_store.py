"""SQLite and PostgreSQL keep every promise of the store."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from postgres import PostgresServer
from tenuto.ports.store import Store
from tenuto.stores.sql import open_store, temporary_store
from tenuto.testing.store_conformance import StoreConformance
from tenuto.testing.store_conformance.transactions import Transactions


class TestSqliteStore(StoreConformance):
    async def open(self, directory: Path) -> Store:
        return await open_store(directory)


class TestTemporaryStore(Transactions):
    """The same but for how it is opened and closed."""

    async def open(self, directory: Path) -> Store:
        return await temporary_store()


class TestPostgresStore(StoreConformance):
    url = ""

    @pytest.fixture(autouse=True)
    def _database(self, database: str) -> None:
        self.url = database

    async def open(self, directory: Path) -> Store:
        await _empty(self.url)
        return await open_store(directory, self.url)


@pytest.fixture(scope="module")
def database(postgres: PostgresServer) -> Iterator[str]:
    """One for all of them, emptied for each: making one takes longer than most tests."""
    url = postgres.create()
    yield url
    postgres.drop(url)


async def _empty(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('tenuto_store.tenants')") is not None:
            await connection.execute("SET search_path TO tenuto_store")
            await connection.execute("TRUNCATE tenants, users, audit CASCADE")
    finally:
        await connection.close()
