"""P5: one owner a database. Who lost its lock cannot write any more, whether it knows of it or not."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from stores.wire import Wire
from tenuto.ports.engine import Refused
from tenuto.ports.journal import Damaged, Newer, Owned, RunQuery
from tenuto.ports.records import Unavailable
from tenuto.stores.journal_postgres import PostgresJournal, PostgresReader, sql
from tenuto.testing.journal_conformance import entry, facts, keep, told

OWNER = """
import asyncio, sys
from pathlib import Path
from tenuto.stores.journal_postgres import PostgresJournal

async def main(url, directory):
    journal = await PostgresJournal.open(url, Path(directory))
    print("owned", flush=True)
    await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


async def changed(url: str, statement: str) -> None:
    connection: Any = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


def test_a_second_owner_is_told_who_the_first_is(postgres_url: str, tmp_path: Path):
    """The process, its machine, and where its control socket is to be found."""

    async def play() -> None:
        async with await PostgresJournal.open(postgres_url, tmp_path) as journal:
            with pytest.raises(Owned) as refused:
                await PostgresJournal.open(postgres_url)
            assert (refused.value.pid, refused.value.directory) == (os.getpid(), str(tmp_path))
            assert f"process {os.getpid()} on" in str(refused.value)
            assert str(tmp_path) in str(refused.value)
            await keep(journal, "run", facts(1, 1))

    asyncio.run(play())


def test_each_owner_begins_an_epoch(postgres_url: str):
    """And learns whether the one before left in order."""

    async def play() -> list[tuple[int, bool]]:
        seen: list[tuple[int, bool]] = []
        for orderly in (True, True, False, True):
            journal = await PostgresJournal.open(postgres_url)
            seen.append((journal.epoch, journal.previous_clean))
            if not orderly:
                journal._session.abandon()
            await journal.close()
        return seen

    assert asyncio.run(play()) == [(1, True), (2, True), (3, True), (4, False)]


def test_a_killed_owner_is_followed_at_once(postgres_url: str, tmp_path: Path):
    """SIGKILL: the server ends its session, and with it the lock."""
    owner = subprocess.Popen([sys.executable, "-c", OWNER, postgres_url, tmp_path], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    assert owner.stdout.readline() == "owned\n"

    async def play() -> tuple[int, bool]:
        with pytest.raises(Owned, match=f"process {owner.pid} "):
            await PostgresJournal.open(postgres_url)
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
        async with await PostgresJournal.open(postgres_url) as journal:
            return journal.epoch, journal.previous_clean

    assert asyncio.run(play()) == (2, False)


def test_who_was_followed_writes_nothing_any_more(postgres_url: str):
    """It was cut off, another took over: what it says afterwards is refused, and its session does not come back."""

    async def play() -> None:
        async with Wire(postgres_url) as wire:
            old = await PostgresJournal.open(wire.url)
            await keep(old, "run", facts(1, 2), line=entry("run"))
            wire.open = False
            wire.cut()
            waiting = asyncio.create_task(told(old, "run", facts(3, 3)))
            deleting = asyncio.create_task(old.delete("run"))
            async with await PostgresJournal.open(postgres_url) as new:
                await keep(new, "run", facts(3, 4))
                wire.open = True
                assert isinstance(await waiting, Owned)
                with pytest.raises(Owned):
                    await deleting
                assert isinstance(await told(old, "other", facts(1, 1)), Owned)
                assert isinstance(old.failure, Owned)
                await old.close()
                assert len(await new.read("run")) == 4
                assert await new.runs(RunQuery()) == [entry("run")]
                await keep(new, "run", facts(5, 5))

    asyncio.run(play())


def test_who_does_not_know_that_it_was_followed_writes_nothing_either(postgres_url: str):
    """Its session lives and believes to hold the lock; the epoch of each write says otherwise, in its own transaction."""

    async def play() -> None:
        zombie = await PostgresJournal.open(postgres_url)
        await keep(zombie, "run", facts(1, 1))
        session = await zombie._session.ready()
        await session.execute("SELECT pg_advisory_unlock_all()")
        async with await PostgresJournal.open(postgres_url) as new:
            answers = await asyncio.gather(told(zombie, "run", facts(2, 2)), told(zombie, "new", facts(1, 1)))
            assert [type(answer) for answer in answers] == [Owned] * 2
            with pytest.raises(Owned):
                await zombie.put(b"blob")
            assert len(await new.read("run")) == 1
            assert await new.read("new") == []
        await zombie.close()
        assert isinstance(zombie.failure, Owned)

    asyncio.run(play())


def test_a_stale_owner_that_leaves_does_not_speak_for_the_new_one(postgres_url: str):
    """Its word that it left in order is fenced as well."""

    async def play() -> bool:
        zombie = await PostgresJournal.open(postgres_url)
        await (await zombie._session.ready()).execute("SELECT pg_advisory_unlock_all()")
        new = await PostgresJournal.open(postgres_url)
        await zombie.close()
        new._session.abandon()
        await new.close()
        async with await PostgresJournal.open(postgres_url) as last:
            return last.previous_clean

    assert asyncio.run(play()) is False


def test_a_newer_format_is_refused(postgres_url: str):
    """By the owner and by a reader, and both say what to do."""

    async def play() -> None:
        await (await PostgresJournal.open(postgres_url)).close()
        await changed(postgres_url, "UPDATE tenuto_journal.meta SET version = 99")
        for opening in (PostgresJournal.open(postgres_url), PostgresReader.open(postgres_url)):
            with pytest.raises(Newer, match=r"format 99.*update this one"):
                await opening

    asyncio.run(play())


def test_a_reader_of_a_database_without_a_journal_is_told_so(postgres_url: str):
    """It makes none: looking changes nothing."""

    async def play() -> None:
        for _ in range(2):
            with pytest.raises(FileNotFoundError, match="no journal in PostgreSQL at"):
                await PostgresReader.open(postgres_url)

    asyncio.run(play())


def test_a_reader_sees_what_is_durable_and_who_owns_it(postgres_url: str, tmp_path: Path):
    """Beside the owner, and after it."""

    async def play() -> None:
        async with await PostgresJournal.open(postgres_url, tmp_path) as journal:
            await keep(journal, "run", facts(1, 3), line=entry("run"))
            async with await PostgresReader.open(postgres_url) as reader:
                assert await reader.read("run") == facts(1, 3)
                assert await reader.runs(RunQuery()) == [entry("run")]
                assert await reader.epoch() == 1
                assert str(await reader.owner()).startswith(f"process {os.getpid()} on ")
                assert str(await reader.owner()).endswith(f"whose data directory is {tmp_path}")
                assert await reader.size() > 0
        async with await PostgresReader.open(postgres_url) as reader:
            assert await reader.owner() is None

    asyncio.run(play())


@pytest.mark.parametrize("loose", ["off", "local"])
def test_every_commit_is_synchronous_whatever_the_database_is_set_to(postgres_url: str, loose: str):
    """P1: what is told durable is on disk."""

    async def play() -> str:
        name = postgres_url.rpartition("/")[2]
        await changed(postgres_url, f'ALTER DATABASE "{name}" SET synchronous_commit = {loose}')
        async with await PostgresJournal.open(postgres_url) as journal:
            return await (await journal._session.ready()).fetchval("SHOW synchronous_commit")

    assert asyncio.run(play()) == "on"


def test_a_server_that_does_not_sync_is_warned_of(postgres_url: str):
    """As that of these tests, which is in a hurry."""

    async def play() -> tuple[str, ...]:
        async with await PostgresJournal.open(postgres_url) as journal:
            return journal.warnings

    assert "fsync and full_page_writes off" in asyncio.run(play())[0]


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (lambda url: url.rpartition("/")[0] + "/nowhere", Refused, "no such database"),
        (lambda url: "postgresql://u:hunter2@127.0.0.1:1/name", Unavailable, "does not answer"),
        (lambda url: "postgresql://u:hunter2@host:port/name", Refused, "cannot be asked for"),
        (lambda url: url.replace("tenuto@", "stranger:hunter2@"), PermissionError, "user or the password"),
    ],
)
def test_a_database_that_cannot_be_opened_is_a_sentence(
    postgres_url: str, change: Any, kind: type[Exception], says: str
):
    """For the owner and for readers; no password in it."""

    async def play() -> None:
        for opening in (PostgresJournal.open(change(postgres_url)), PostgresReader.open(change(postgres_url))):
            with pytest.raises(kind, match=says) as refused:
                await opening
            assert "hunter2" not in str(refused.value)

    asyncio.run(play())


def test_a_user_without_the_right_is_told_what_it_needs(postgres_url: str):
    """A schema of its own, or the right to make one."""

    async def play() -> None:
        await changed(postgres_url, "DROP ROLE IF EXISTS poor; CREATE ROLE poor LOGIN")
        with pytest.raises(PermissionError, match="GRANT CREATE ON DATABASE"):
            await PostgresJournal.open(postgres_url.replace("tenuto@", "poor@"))

    asyncio.run(play())


def test_a_missing_driver_is_told_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch):
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    sql.driver.cache_clear()
    try:
        with pytest.raises(ImportError, match=r'pip install "tenuto\[postgres\]"'):
            asyncio.run(PostgresJournal.open("postgresql://u@h/n"))
    finally:
        sql.driver.cache_clear()


def test_tables_that_were_dropped_are_damage(postgres_url: str):
    """Nothing is written any more, and it is said what is wrong."""

    async def play() -> None:
        async with await PostgresJournal.open(postgres_url) as journal:
            await keep(journal, "run", facts(1, 1))
            await changed(postgres_url, "DROP TABLE tenuto_journal.facts")
            answer = await told(journal, "run", facts(2, 2))
            assert isinstance(answer, Damaged)
            assert "not as they were left" in str(answer)

    asyncio.run(play())
