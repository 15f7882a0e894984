"""What is SQLite's own: the file, several programs at it, backups, a full disk."""

import asyncio
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tenuto.ports.journal import Damaged, StorageFull
from tenuto.ports.notes import Note
from tenuto.ports.store import Store
from tenuto.stores.sql import open_store, temporary_store

WRITER = """
import asyncio, sys
from pathlib import Path
from tenuto.ports.notes import Note
from tenuto.stores.sql import open_store

async def main():
    store = await open_store(Path(sys.argv[1]))
    for number in range(40):
        async with store.write() as tx:
            await tx.notes.add(Note("default", "r", f"{sys.argv[2]}-{number}", "n", "me", 1.0))
        print(number, flush=True)
    await store.close()

asyncio.run(main())
"""


async def add(store: Store, name: str, text: str = "n") -> None:
    async with store.write() as tx:
        await tx.notes.add(Note("default", "r", name, text, "me", 1.0))


async def count(store: Store) -> int:
    async with store.read() as tx:
        return len((await tx.notes.list("default", "r", limit=1_000)).items)


async def test_only_its_owner_reads_the_file(tmp_path: Path) -> None:
    store = await open_store(tmp_path / "data")
    await store.close()

    assert stat.S_IMODE((tmp_path / "data" / "store.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


async def test_a_commit_is_on_disk_before_it_is_reported(tmp_path: Path) -> None:
    """FULL (2), and a rollback journal: the write-ahead log of the library that Python brings is not trusted."""
    store = await open_store(tmp_path)

    async with store._engines.writer.connect() as connection:
        found = {
            name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
            for name in ("synchronous", "journal_mode", "foreign_keys")
        }
    await store.close()

    assert found == {"synchronous": 2, "journal_mode": "truncate", "foreign_keys": 1}


async def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await add(store, "1")
    await store.close()

    store = await open_store(tmp_path)

    assert await count(store) == 1
    await store.close()


async def test_a_temporary_store_leaves_nothing() -> None:
    store = await temporary_store()
    folder = store._engines.file
    assert folder is not None
    assert folder.exists()

    await store.close()

    assert not folder.parent.exists()


async def test_another_program_may_write_at_the_same_time(tmp_path: Path) -> None:
    """`tenuto secrets set` beside a server: nobody is told that the database is locked, and nothing is lost."""
    store = await open_store(tmp_path)
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(tmp_path), "other", stdout=subprocess.PIPE
    )
    assert other.stdout is not None
    await other.stdout.readline()

    for number in range(40):
        await add(store, f"own-{number}")
        await count(store)
    await asyncio.wait_for(other.communicate(), 30)

    assert other.returncode == 0
    assert await count(store) == 80
    await store.close()


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, str(tmp_path), "killed", stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    acknowledged = [await process.stdout.readline() for _ in range(15)]

    process.kill()
    await process.wait()
    store = await open_store(tmp_path)

    assert await count(store) >= len(acknowledged)
    await store.close()


async def test_a_backup_is_one_instant_whoever_writes_meanwhile(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await add(store, "before")

    async def pairs() -> None:
        for number in range(30):
            async with store.write() as tx:
                await tx.notes.add(Note("default", "r", f"{number}a", "n", "me", 1.0))
                await tx.notes.add(Note("default", "r", f"{number}b", "n", "me", 1.0))

    writing = asyncio.create_task(pairs())
    await asyncio.sleep(0.01)
    await store.backup(tmp_path / "copy.db")
    await writing
    await store.close()

    with sqlite3.connect(tmp_path / "copy.db") as copy:
        ids = {row[0] for row in copy.execute("SELECT id FROM notes")}
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert stat.S_IMODE((tmp_path / "copy.db").stat().st_mode) == 0o600
    assert "before" in ids
    assert all(f"{name[:-1]}b" in ids for name in ids if name.endswith("a"))


async def test_a_full_disk_is_said_and_survived(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await _limit_pages(store, 0)

    with pytest.raises(StorageFull):
        await add(store, "too large", "x" * 1_000_000)
    await _limit_pages(store, 1_000_000)
    await add(store, "fits", "x" * 1_000_000)

    assert await count(store) == 1
    await store.close()


async def _limit_pages(store: object, pages: int) -> None:
    """As small as it is now, if it cannot be smaller."""
    async with store._engines.writer.connect() as connection:  # type: ignore[attr-defined]  # SqlStore's own
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages or 1}")


async def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    """And it is said what to do, instead of what the library says."""
    (tmp_path / "store.db").write_text("garbage " * 1_000)

    with pytest.raises(Damaged, match=r"store\.db is damaged \(file is not a database\)\. Restore a backup"):
        await open_store(tmp_path)


async def test_a_page_that_was_overwritten_is_damaged(tmp_path: Path) -> None:
    store = await open_store(tmp_path)
    await store.close()
    content = bytearray((tmp_path / "store.db").read_bytes())
    content[4_096:] = b"\xa5" * (len(content) - 4_096)
    (tmp_path / "store.db").write_bytes(content)

    with pytest.raises(Damaged, match="Restore a backup"):
        await open_store(tmp_path)
