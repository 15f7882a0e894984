"""What is PostgreSQL's own: its URL, and that it may go away and come back."""

from pathlib import Path

import pytest

from postgres import PostgresServer
from tenuto.ports.engine import Refused
from tenuto.ports.records import Unavailable
from tenuto.ports.roles import Role
from tenuto.stores.sql import open_store
from tenuto.stores.sql.engines import _postgres_url


@pytest.mark.serial
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
    ("url", "driver", "given"),
    [
        ("postgres://u:p%40ss@h/d", "postgresql+asyncpg://u:p%40ss@h/d", {}),
        ("postgresql://u@h:1/d?sslmode=require", "postgresql+asyncpg://u@h:1/d", {"ssl": "require"}),
        ("postgresql+asyncpg://u@h/d", "postgresql+asyncpg://u@h/d", {}),
    ],
)
def test_a_url_is_taken_as_people_write_it(url: str, driver: str, given: dict[str, str]) -> None:
    address, arguments = _postgres_url(url)

    assert address.render_as_string(hide_password=False) == driver
    assert {name: arguments[name] for name in given} == given


@pytest.mark.parametrize("url", ["mysql://h/d", "not a url", ""])
def test_what_is_no_postgresql_is_refused_with_an_example(url: str) -> None:
    with pytest.raises(Refused) as refused:
        _postgres_url(url)

    assert "postgresql://user:password@host:5432/name" in refused.value.hint
