"""SQLite and PostgreSQL keep every promise of the store."""

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from postgres import PostgresServer
from tenuto.ports.store import Store
from tenuto.stores.sql import open_store, temporary_store
from tenuto.testing.store_conformance import StoreConformance


class TestSqliteStore(StoreConformance):
    async def open(self, directory: Path) -> Store:
        return await open_store(directory)


class TestTemporaryStore(StoreConformance):
    async def open(self, directory: Path) -> Store:
        return await temporary_store()


class TestPostgresStore(StoreConformance):
    @pytest.fixture(scope="class", autouse=True)
    def _database(self, request: pytest.FixtureRequest, postgres: PostgresServer) -> Iterator[None]:
        url = request.cls.url = postgres.create()
        yield
        postgres.drop(url)

    async def open(self, directory: Path) -> Store:
        await _empty(self.url)
        return await open_store(directory, self.url)

    url: str


async def _empty(url: str) -> None:
    """One database for the class, emptied for each test: making one takes longer than most tests."""
    connection = await asyncpg.connect(url)
    try:
        if await connection.fetchval("SELECT to_regclass('tenants')") is not None:
            await connection.execute("TRUNCATE tenants, users, audit CASCADE")
    finally:
        await connection.close()
