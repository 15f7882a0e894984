"""What is PostgreSQL's own: its URL, and that it may go away and come back."""

from pathlib import Path

import pytest

from postgres import PostgresServer
from tenuto.ports.engine import Refused
from tenuto.ports.records import Unavailable
from tenuto.ports.roles import Role
from tenuto.stores.sql import open_store


async def test_a_server_that_died_is_unavailable_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    with PostgresServer("fsync=on") as server:
        store = await open_store(tmp_path, server.url())
        async with store.write() as tx:
            await tx.roles.put(Role("default", "acknowledged"))

        async def interrupted() -> None:
            async with store.write() as tx:
                await tx.roles.put(Role("default", "half"))
                server.kill()
                await tx.roles.put(Role("default", "lost"))

        with pytest.raises(Unavailable):
            await interrupted()
        for _ in range(3):
            with pytest.raises(Unavailable):
                async with store.read() as tx:
                    await tx.roles.list("default")
        server.start()

        async with store.read() as tx:
            assert [role.name for role in await tx.roles.list("default")] == ["acknowledged"]
        async with store.write() as tx:
            await tx.roles.put(Role("default", "after"))
        await store.close()


async def test_where_nobody_listens_the_sentence_says_so(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        await open_store(tmp_path, "postgresql://tenuto@127.0.0.1:1/none")


@pytest.mark.parametrize(
    "more", ["", "?sslmode=prefer", "?application_name=x&sslmode=disable", "?target_session_attrs=any"]
)
async def test_an_address_is_taken_as_other_clients_take_it(tmp_path: Path, postgres_url: str, more: str) -> None:
    store = await open_store(tmp_path, postgres_url.replace("postgresql", "postgres") + more)

    async with store.read() as tx:
        assert await tx.tenants.get("default") is not None
    await store.close()


@pytest.mark.parametrize("url", ["mysql://h/d", "not a url", ""])
async def test_what_is_no_postgresql_is_refused_with_an_example(tmp_path: Path, url: str) -> None:
    with pytest.raises(Refused) as refused:
        await open_store(tmp_path, url)

    assert "postgresql://user:password@host:5432/name" in refused.value.hint


async def test_the_tables_are_in_a_schema_of_their_own(tmp_path: Path, postgres_url: str) -> None:
    import asyncpg

    store = await open_store(tmp_path, postgres_url)
    await store.close()

    connection = await asyncpg.connect(postgres_url)
    found = await connection.fetch(
        "SELECT DISTINCT schemaname FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    await connection.close()
    assert [row[0] for row in found] == ["tenuto_store"]
