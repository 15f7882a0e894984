"""R28, R01: one owner per data directory, whatever becomes of it; and nothing acknowledged is lost when it is killed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tenuto.ports.journal import Owned, RunQuery
from tenuto.stores.journal_sqlite import SqliteJournal, SqliteReader
from tenuto.stores.journal_sqlite.owner import owner_of
from tenuto.testing.journal_conformance import ended, entry, facts, keep

# A client's log: written only after the journal has said that the fact is durable.
WRITER = """
import asyncio, os, sys
from tenuto.stores.journal_sqlite import SqliteJournal, folding
from tenuto.testing.journal_conformance import fact, keep

folding.FOLD_AT = 50

async def main(directory):
    journal = SqliteJournal(directory)
    log = os.open(directory + ".acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    print("owner", os.getpid(), flush=True)

    async def drive(run):
        seq = len(await journal.read(run))
        while True:
            seq += 1
            await keep(journal, run, [fact(seq, body=f"{run}/{seq}".encode() * (seq % 50))])
            os.write(log, f"{run} {seq}\\n".encode())

    await asyncio.gather(*(drive(f"run-{number}") for number in range(8)))

asyncio.run(main(sys.argv[1]))
"""


def started(directory: Path) -> "subprocess.Popen[str]":
    """A process that owns the directory and writes without end."""
    process = subprocess.Popen([sys.executable, "-c", WRITER, directory], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == f"owner {process.pid}\n"
    return process


def killed(process: "subprocess.Popen[str]") -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def acknowledged(directory: Path) -> dict[str, int]:
    """The last fact of each run that a client was told is durable."""
    lines = directory.with_name(f"{directory.name}.acks").read_text().splitlines()
    return {run: int(seq) for run, seq in (line.split() for line in lines)}


def assert_kept(directory: Path, acks: dict[str, int]) -> None:
    async def check() -> None:
        async with SqliteJournal(directory) as journal:
            for run, last in acks.items():
                found = await journal.read(run)
                assert len(found) >= last
                assert [row.body for row in found] == [f"{run}/{row.seq}".encode() * (row.seq % 50) for row in found]
        async with SqliteReader(directory) as reader:
            assert await reader.problems() == []

    asyncio.run(check())


def kill_often(directory: Path, rounds: int, dice: random.Random) -> None:
    for _ in range(rounds):
        process = started(directory)
        time.sleep(dice.uniform(0.02, 0.25))
        killed(process)
        assert_kept(directory, acknowledged(directory))


def test_a_killed_owner_loses_nothing_that_it_acknowledged(tmp_path: Path):
    """P1: killed twenty times at any moment, the log being folded in all the time."""
    kill_often(tmp_path / "data", 20, random.Random(1))


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(5))
def test_an_owner_killed_two_hundred_times_loses_nothing(tmp_path: Path, seed: int):
    """P1, for longer: a thousand kills in all."""
    kill_often(tmp_path / "data", 200, random.Random(100 + seed))


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path):
    """R28: the sentence names the process; the lock ends with it, also when it is killed."""
    process = started(tmp_path / "data")

    with pytest.raises(Owned, match=f"in use by process {process.pid}") as refusal:
        SqliteJournal(tmp_path / "data")
    owner = owner_of(tmp_path / "data")
    killed(process)

    assert refusal.value.pid == owner == process.pid
    assert owner_of(tmp_path / "data") is None
    asyncio.run(SqliteJournal(tmp_path / "data").close())


def test_readers_see_what_is_durable_while_another_process_writes(tmp_path: Path):
    """They neither lock nor write: the owner goes on, and each look shows at least as much as the one before."""
    process = started(tmp_path / "data")

    async def look() -> list[int]:
        counts: list[int] = []
        deadline = time.monotonic() + 30
        async with SqliteReader(tmp_path / "data") as reader:
            while len(counts) < 20 or counts[-1] == counts[0]:
                assert time.monotonic() < deadline
                acks = acknowledged(tmp_path / "data") or {"run-0": 0}
                run, last = next(iter(acks.items()))
                counts.append(len(await reader.read(run)))
                assert counts[-1] >= last
                await asyncio.sleep(0.01)
        return counts

    time.sleep(0.1)
    counts = asyncio.run(look())
    killed(process)

    assert counts == sorted(counts)


def test_a_second_journal_in_the_same_process_is_refused(tmp_path: Path):
    """R28: the lock is of the directory, not of the process."""
    first = SqliteJournal(tmp_path)

    with pytest.raises(Owned, match=f"in use by process {os.getpid()}"):
        SqliteJournal(tmp_path)

    asyncio.run(first.close())
    asyncio.run(SqliteJournal(tmp_path).close())


def test_each_owner_has_an_epoch_of_its_own(tmp_path: Path):
    """P5: it goes up with every opening, and says whether the last owner left in order."""

    async def scenario() -> list[tuple[int, bool]]:
        seen: list[tuple[int, bool]] = []
        for _ in range(3):
            journal = SqliteJournal(tmp_path)
            seen.append((journal.epoch, journal.previous_clean))
            await journal.close()
        process = started(tmp_path)
        killed(process)
        async with SqliteJournal(tmp_path) as journal:
            seen.append((journal.epoch, journal.previous_clean))
        return seen

    assert asyncio.run(scenario()) == [(1, True), (2, True), (3, True), (5, False)]


def test_an_owner_that_cannot_open_the_journal_gives_the_lock_back(tmp_path: Path):
    """Otherwise the sentence of the second attempt would be about the first."""
    (tmp_path / "journal.db").write_bytes(b"no database" * 1_000)

    for _ in range(2):
        with pytest.raises(Exception, match=r"journal\.db"):
            SqliteJournal(tmp_path)

    assert owner_of(tmp_path) is None


def test_a_directory_without_a_journal_has_nothing_to_read(tmp_path: Path):
    """Looking creates nothing."""
    with pytest.raises(FileNotFoundError, match="no journal"):
        SqliteReader(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_journal_nobody_owns_can_be_read(tmp_path: Path):
    """After an owner that left in order, and after one that was killed."""

    async def write() -> None:
        async with SqliteJournal(tmp_path) as journal:
            await keep(journal, "run", facts(1, 3), line=entry("run"))
            await ended(journal, "done")

    async def read() -> tuple[int, list[str]]:
        async with SqliteReader(tmp_path) as reader:
            return len(await reader.read("run")), [line.id for line in await reader.runs(RunQuery())]

    asyncio.run(write())
    after_order = asyncio.run(read())
    process = started(tmp_path)
    killed(process)

    assert after_order == (3, ["run", "done"])
    assert asyncio.run(read()) == after_order
