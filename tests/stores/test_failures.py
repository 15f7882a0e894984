"""R04, P10, P11: what the disk, another version or another program did to a journal is said, and never made worse."""

import asyncio
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from tenuto.ports.journal import Damaged, Newer, Write
from tenuto.stores.journal_sqlite import SqliteJournal, SqliteReader, database, folding, writer
from tenuto.testing.journal_conformance import fact, facts, keep, told

# Below everything, a disk whose n-th sync of the log fails, once.
FAILING = """
import asyncio, sys, apsw
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.journal_conformance import fact, told

class Disk(apsw.VFS):
    def __init__(self):
        super().__init__("failing", "unix")
        self.syncs = 0
    def xOpen(self, name, flags):
        return File(self, name, flags)

class File(apsw.VFSFile):
    def __init__(self, disk, name, flags):
        super().__init__("unix", name, flags)
        self.disk, self.log = disk, flags[0] & apsw.SQLITE_OPEN_WAL
    def xSync(self, flags):
        self.disk.syncs += bool(self.log)
        if self.log and self.disk.syncs == int(sys.argv[2]):
            raise apsw.exception_for(apsw.SQLITE_IOERR_FSYNC)
        super().xSync(flags)

async def main(directory):
    disk = Disk()
    apsw.set_default_vfs("failing")
    journal = SqliteJournal(directory)
    seq = 0
    answers = []
    for _ in range(60):
        answers.append(await told(journal, "run", [fact(seq + 1)]))
        seq += answers[-1] is None
    failed = [answer for answer in answers if answer is not None]
    syncs = disk.syncs
    await journal.close()
    print(seq, len(failed), len({str(answer) for answer in failed}), type(failed[0]).__name__, disk.syncs - syncs)

asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("nth", [6, 20, 39])
def test_after_a_failed_sync_nothing_is_acknowledged_any_more(tmp_path: Path, nth: int):
    """P11: the sync is never tried again, all later writes get the same error, and what was acknowledged is there."""
    command = [sys.executable, "-c", FAILING, str(tmp_path), str(nth)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    acked, failed, sentences, kind, syncs_later = done.stdout.split()

    async def found() -> int:
        async with SqliteJournal(tmp_path) as journal:
            assert not journal.previous_clean
            return len(await journal.read("run"))

    assert (int(acked) + int(failed), sentences, kind, syncs_later) == (60, "1", "DiskFailed", "0"), done.stderr
    assert int(failed) >= 60 - nth
    assert asyncio.run(found()) >= int(acked)


def test_a_write_that_fails_for_its_values_is_undone_alone(tmp_path: Path):
    """What shares its transaction is written all the same, and the next ones are."""

    async def scenario() -> None:
        async with SqliteJournal(tmp_path) as journal:
            answers = await asyncio.gather(
                told(journal, "a", facts(1, 2)),
                told(journal, "b", [fact(1, type_="\ud800")]),
                told(journal, "c", [fact(1, at=float("nan"))]),
                told(journal, "d", facts(1, 2)),
                *(told(journal, f"e{number}", facts(1, 1)) for number in range(30)),
            )
            only_one = await asyncio.gather(
                told(journal, "f", [fact(1, at=float("nan"))]), told(journal, "d", facts(3, 3))
            )

            assert [answer is None for answer in answers] == [True, False, False, True, *([True] * 30)]
            assert [answer is None for answer in only_one] == [False, True]
            assert journal.failure is None
            assert [len(await journal.read(run)) for run in "abcdf"] == [2, 0, 0, 3, 0]

    asyncio.run(scenario())


def changed(directory: Path, statement: str) -> None:
    """Written once in order, then changed by another program."""

    async def write() -> None:
        async with SqliteJournal(directory) as journal:
            await keep(journal, "run", facts(1, 3))

    asyncio.run(write())
    db = database.connect(directory / "journal.db")
    db.execute(statement).fetchall()
    db.close()


def test_a_newer_format_is_refused(tmp_path: Path):
    """P10: by the owner and by readers; the sentence says which format it is and which are known."""
    changed(tmp_path, "UPDATE meta SET value = 2 WHERE key = 'version'")

    for opened in (SqliteJournal, SqliteReader):
        with pytest.raises(Newer, match="has the format 2, and this Tenuto knows formats up to 1"):
            opened(tmp_path)


def test_another_program_s_database_is_refused(tmp_path: Path):
    """It is left as it was."""
    db = apsw.Connection(str(tmp_path / "journal.db"))
    db.execute("CREATE TABLE theirs (x)")
    db.close()
    before = (tmp_path / "journal.db").read_bytes()

    with pytest.raises(Damaged, match="is not a journal of Tenuto"):
        SqliteJournal(tmp_path)

    assert (tmp_path / "journal.db").read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE facts SET body = x'00' WHERE seq = 2", "fact 2 is not what was written"),
        ("UPDATE facts SET at = at + 1 WHERE seq = 3", "fact 3 is not what was written"),
        ("UPDATE facts SET type = 'node.failed' WHERE seq = 1", "fact 1 is not what was written"),
        ("UPDATE facts SET seq = 4 WHERE seq = 3", "fact 3 is missing"),
        ("DELETE FROM facts WHERE seq = 2", "fact 2 is missing"),
    ],
)
def test_a_changed_row_is_noticed_when_it_is_read(tmp_path: Path, statement: str, what: str):
    """Each row vouches for itself, and each run for its order; the sentence names run and fact."""
    changed(tmp_path, statement)

    async def read() -> None:
        async with SqliteJournal(tmp_path) as journal:
            await journal.read("run")

    with pytest.raises(Damaged, match=f"run run is damaged: {what}"):
        asyncio.run(read())


def test_a_finished_run_that_lost_its_end_is_noticed(tmp_path: Path):
    """The index says that it has ended; its facts must say so as well."""

    async def scenario() -> None:
        async with SqliteJournal(tmp_path) as journal:
            await keep(journal, "run", [fact(1), fact(2, "run.failed")])
            await journal._task(lambda: journal._db.execute("DELETE FROM facts WHERE seq = 2").fetchall())
            await journal._task(
                lambda: journal._db.execute(
                    "INSERT INTO runs VALUES ('run','n','f','d','failed',1,2,'t','s',NULL,NULL,'{}')"
                ).fetchall()
            )
            await journal.read("run")

    with pytest.raises(Damaged, match="it has ended, and its last fact is"):
        asyncio.run(scenario())


def test_a_reader_that_never_lets_go_does_not_stop_writers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """R18: while somebody reads an old state the log grows; once he is gone it is folded in and stays small."""
    monkeypatch.setattr(folding, "FOLD_AT", 100)
    monkeypatch.setattr(folding, "PRESS_AT", 400)
    monkeypatch.setattr(database, "BUSY", 20)

    async def scenario() -> tuple[int, int]:
        async with SqliteJournal(tmp_path) as journal:
            await keep(journal, "run", facts(1, 10))
            old = database.connect(tmp_path / "journal.db", readonly=True)
            old.execute("BEGIN")
            assert old.execute("SELECT count(*) FROM facts").get == 10
            for seq in range(11, 511):
                await keep(journal, "run", facts(seq, seq))
            assert old.execute("SELECT count(*) FROM facts").get == 10
            while_reading = journal._log._frames
            old.execute("COMMIT")
            old.close()
            for seq in range(511, 811):
                await keep(journal, "run", facts(seq, seq))
            assert len(await journal.read("run")) == 810
            return while_reading, journal._log._frames

    while_reading, after = asyncio.run(scenario())

    assert while_reading > 400
    assert after < 200


async def until(answers: list[BaseException | None], count: int) -> None:
    while len(answers) < count:  # noqa: ASYNC110  # told by a list, as hosts are
        await asyncio.sleep(0.001)


class TestAppendNow:
    """The short way for a host with a single run: the same promises, on the calling thread."""

    def test_it_is_mostly_durable_when_it_returns(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """On a quick disk, and while the thread is not busy with the log; then another process sees the fact at once."""
        monkeypatch.setattr(writer, "QUICK", 60.0)

        async def scenario() -> int:
            answers: list[BaseException | None] = []
            at_once = 0
            async with SqliteJournal(tmp_path) as journal, SqliteReader(tmp_path) as reader:
                for seq in range(1, 51):
                    journal.append(Write("run", facts(seq, seq), answers.append), alone=True)
                    at_once += len(answers) == seq
                    await until(answers, seq)
                    assert len(await reader.read("run")) == seq
                assert answers == [None] * 50
            return at_once

        assert asyncio.run(scenario()) > 25

    def test_a_slow_disk_does_not_hold_up_the_loop(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Once a commit took long the thread makes the next ones, and after a while it is tried again."""
        monkeypatch.setattr(writer, "QUICK", 0.0)

        async def scenario() -> list[bool]:
            at_once: list[bool] = []
            async with SqliteJournal(tmp_path) as journal:
                for seq in range(1, 11):
                    answers: list[BaseException | None] = []
                    journal.append(Write("run", facts(seq, seq), answers.append), alone=True)
                    at_once.append(bool(answers))
                    await until(answers, 1)
            return at_once

        assert asyncio.run(scenario())[1:] == [False] * 9

    def test_it_never_overtakes_what_was_appended_before(self, tmp_path: Path):
        """While others wait it takes its place behind them."""

        async def scenario() -> None:
            answers: list[BaseException | None] = []
            done = asyncio.Event()

            def note(error: BaseException | None) -> None:
                answers.append(error)
                if len(answers) == 100:
                    done.set()

            async with SqliteJournal(tmp_path) as journal:
                for seq in range(1, 101):
                    journal.append(Write("run", facts(seq, seq), note), alone=seq % 3 == 0)
                await asyncio.wait_for(done.wait(), 30)
                assert answers == [None] * 100
                assert await journal.read("run") == facts(1, 100)

        asyncio.run(scenario())


class TestWithoutPageChecksums:
    """Some builds of apsw come without them: rows still vouch for themselves, and nothing is half-read."""

    def test_a_new_journal_works_and_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """It can be opened where they are there as well."""

        async def scenario() -> list[int]:
            async with SqliteJournal(tmp_path) as journal:
                assert any("cannot check pages" in warning for warning in journal.warnings)
                await keep(journal, "run", facts(1, 3))
            monkeypatch.undo()
            async with SqliteJournal(tmp_path) as journal:
                await keep(journal, "run", facts(4, 4))
                return [row.seq for row in await journal.read("run")]

        monkeypatch.setattr(database, "checks_pages", lambda: False)

        assert asyncio.run(scenario()) == [1, 2, 3, 4]

    def test_a_journal_that_has_them_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Writing to it would leave pages whose checksums are wrong."""
        asyncio.run(SqliteJournal(tmp_path).close())
        monkeypatch.setattr(database, "checks_pages", lambda: False)

        with pytest.raises(Damaged, match="this build of apsw cannot check them"):
            SqliteJournal(tmp_path)


def test_somebody_who_stops_waiting_stops_nobody_else(tmp_path: Path):
    """What was asked of the writer's thread and then given up is left undone, and the next write is made."""

    async def play() -> object:
        journal = SqliteJournal(tmp_path)
        given_up = [asyncio.create_task(journal.delete(f"run-{each}")) for each in range(20)]
        await asyncio.sleep(0)
        for task in given_up:
            task.cancel()
        answer = await asyncio.wait_for(told(journal, "run", [fact(1)]), 5)
        await asyncio.wait_for(journal.close(), 5)
        return answer

    assert asyncio.run(play()) is None
