"""What every journal must do: subclass `JournalConformance`, say how yours is opened, and let pytest run it.

    class TestMyJournal(JournalConformance):
        def open(self, directory: Path) -> StoredJournal:
            return MyJournal(directory)

`directory` is empty and the test's own. A journal that is durable subclasses `DurableJournalConformance`: then it is
also closed and opened again on the same directory, and everything must still be there.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from tenuto.ports.blobs import Blobs
from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Closed, Conflict, Journal, Row, RunEntry, RunQuery, Write

ODD_IDS: Final = (
    "",
    " ",
    "a'b",
    'a"b',
    "a;--",
    "%",
    "../x",
    "r\u202eun",
    "日本語",
    "🎻",
    "x" * 10_000,
    "a\nb",
    "a\x00b",
    "NULL",
)


class StoredJournal(Journal, Blobs, Protocol):
    """A journal and its blobs, which are kept together so that one write can hold both."""


Suite = TypeVar("Suite", bound="JournalConformance")


def journaled(test: Callable[[Suite, StoredJournal], Awaitable[None]]) -> Callable[[Suite, Path], None]:
    """Run an asynchronous test on a journal of its own."""

    async def opened(suite: Suite, directory: Path) -> None:
        journal = suite.open(directory)
        try:
            await test(suite, journal)
        finally:
            await journal.close()

    def run(self: Suite, tmp_path: Path) -> None:
        asyncio.run(opened(self, tmp_path))

    run.__name__, run.__doc__ = test.__name__, test.__doc__  # `wraps` would show pytest the wrong arguments
    return run


def fact(seq: int, type_: str = "node.succeeded", body: bytes = b'{"path":"a"}', at: float = 1_763_700_000.25) -> Row:
    return Row(seq, type_, at, body)


def facts(first: int, last: int) -> list[Row]:
    return [fact(seq, body=b'{"n":%d}' % seq) for seq in range(first, last + 1)]


def entry(run: str, created_at: float = 1.0, status: str = "running", **more: Any) -> RunEntry:
    line = RunEntry(run, f"name-{run}", "hello", "0" * 64, status, created_at)
    return replace(line, **more)


async def told(
    journal: Journal,
    run: str,
    rows: Sequence[Row],
    *,
    blobs: Sequence[tuple[str, bytes]] = (),
    line: RunEntry | None = None,
) -> BaseException | None:
    """Append, and wait for what `on_durable` is told."""
    answer: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
    journal.append(Write(run, rows, answer.set_result, blobs, line))
    return await asyncio.wait_for(answer, 30)


async def keep(
    journal: Journal,
    run: str,
    rows: Sequence[Row] = (),
    *,
    blobs: Sequence[tuple[str, bytes]] = (),
    line: RunEntry | None = None,
) -> None:
    """Append, and insist that it is durable."""
    answer = await told(journal, run, rows, blobs=blobs, line=line)
    assert answer is None, answer


async def ended(journal: Journal, run: str, created_at: float = 1.0, ended_at: float = 2.0) -> None:
    """A whole small run."""
    line = entry(run, created_at, "succeeded", ended_at=ended_at)
    await keep(journal, run, [fact(1, "run.started"), fact(2, "run.succeeded")], line=line)


async def ids(journal: Journal, **query: Any) -> list[str]:
    return [found.id for found in await journal.runs(RunQuery(**query))]


async def refused(answer: Awaitable[object], kind: type[BaseException]) -> BaseException:
    """The error of that kind which must come."""
    try:
        await answer
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} came")


class JournalConformance(ABC):
    """The promises of `ports/journal.py` and `ports/blobs.py`, one test each."""

    @abstractmethod
    def open(self, directory: Path) -> StoredJournal:
        """Your journal on this directory."""

    # Facts

    @journaled
    async def test_what_was_written_is_read_back_as_it_was(self, journal: StoredJournal) -> None:
        """Number, type, time and body of each fact come back equal, in order."""
        rows = [
            fact(1, "run.started", b'{"input":{"a":1}}', 1_763_700_000.123456),
            fact(2, "node.skipped", b"", 0.0),
            fact(3, "signal.received", bytes(range(256)), -1.5),
        ]

        await keep(journal, "run", rows)

        assert await journal.read("run") == rows

    @journaled
    async def test_reading_goes_on_after_a_number(self, journal: StoredJournal) -> None:
        """`after` leaves out what the reader knows already, to the last fact and beyond."""
        await keep(journal, "run", facts(1, 5))

        assert await journal.read("run", 3) == facts(4, 5)
        assert await journal.read("run", 5) == []
        assert await journal.read("run", 9) == []

    @journaled
    async def test_a_run_that_does_not_exist_has_no_facts(self, journal: StoredJournal) -> None:
        """Reading it is no error."""
        assert await journal.read("nobody") == []

    @journaled
    async def test_runs_do_not_mix(self, journal: StoredJournal) -> None:
        """Each run has its own numbers, also where one id is the start of another."""
        await keep(journal, "a", facts(1, 2))
        await keep(journal, "ab", facts(1, 3))

        assert [len(await journal.read(run)) for run in ("a", "ab", "abc")] == [2, 3, 0]

    @journaled
    async def test_append_does_not_wait(self, journal: StoredJournal) -> None:
        """Nobody is told before `append` has returned."""
        answer: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

        journal.append(Write("run", facts(1, 1), answer.set_result))
        told_at_once = answer.done()

        assert await asyncio.wait_for(answer, 30) is None
        assert not told_at_once

    @journaled
    async def test_writes_of_one_run_keep_their_order(self, journal: StoredJournal) -> None:
        """Given without waiting, they are told and kept in the order in which they were given."""
        answers: list[int] = []
        done = asyncio.Event()

        def note(seq: int) -> Callable[[BaseException | None], None]:
            def on_durable(error: BaseException | None) -> None:
                assert error is None
                answers.append(seq)
                if seq == 300:
                    done.set()

            return on_durable

        for seq in range(1, 301):
            journal.append(Write("run", facts(seq, seq), note(seq)))
        await asyncio.wait_for(done.wait(), 30)

        assert answers == list(range(1, 301))
        assert await journal.read("run") == facts(1, 300)

    @journaled
    async def test_many_writers_at_once_all_get_their_answer(self, journal: StoredJournal) -> None:
        """A hundred runs of ten facts, each waiting for the one before: nothing is lost, mixed or told twice."""

        async def drive(run: str) -> None:
            for seq in range(1, 11):
                await keep(journal, run, facts(seq, seq))

        await asyncio.gather(*(drive(f"run-{number}") for number in range(100)))

        for number in range(100):
            assert await journal.read(f"run-{number}") == facts(1, 10)

    @journaled
    async def test_a_thousand_writes_wake_the_loop_a_few_times(self, journal: StoredJournal) -> None:
        """What becomes durable together is told together, not one turn of the event loop each."""
        answers: list[BaseException | None] = []
        turns = 0

        for number in range(1_000):
            journal.append(Write(f"run-{number}", facts(1, 1), answers.append))
        while len(answers) < 1_000:
            before = len(answers)
            await asyncio.sleep(0)
            turns += len(answers) > before

        assert answers == [None] * 1_000
        assert turns <= 100

    @journaled
    async def test_a_waiter_that_raises_does_not_leave_the_others_waiting(self, journal: StoredJournal) -> None:
        """The mistake is the event loop's to report."""
        reported: list[dict[str, Any]] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: reported.append(context))

        def raises(_: BaseException | None) -> None:
            raise RuntimeError("mine")

        journal.append(Write("one", facts(1, 1), raises))
        await keep(journal, "two", facts(1, 1))

        assert [str(context["exception"]) for context in reported] == ["mine"]

    # Conflicts

    @journaled
    async def test_a_write_that_leaves_a_gap_is_refused(self, journal: StoredJournal) -> None:
        """Numbers are gapless from 1; nothing of a refused write is kept."""
        first = await told(journal, "run", facts(2, 2))
        await keep(journal, "run", facts(1, 2))
        gap = await told(journal, "run", facts(4, 4))
        within = await told(journal, "run", [fact(3), fact(5)])

        assert [type(answer) for answer in (first, gap, within)] == [Conflict] * 3
        assert await journal.read("run") == facts(1, 2)

    @journaled
    async def test_a_write_that_repeats_a_number_is_refused(self, journal: StoredJournal) -> None:
        """A second writer of the same run loses, and what it brought besides is not kept either."""
        blob = (digest_of(b"lost"), b"lost")
        await keep(journal, "run", facts(1, 2), line=entry("run"))

        again = await told(journal, "run", [fact(2)], blobs=[blob], line=entry("run", status="failed"))
        begun_again = await told(journal, "run", [fact(1)])

        assert isinstance(again, Conflict)
        assert isinstance(begun_again, Conflict)
        assert [line.status for line in await journal.runs(RunQuery())] == ["running"]
        await refused(journal.get(blob[0]), KeyError)

    @journaled
    async def test_nothing_follows_the_end_of_a_run(self, journal: StoredJournal) -> None:
        """P2: at most one terminal fact, and it is the last; within a write as well."""
        for last in ("run.succeeded", "run.failed", "run.cancelled"):
            await keep(journal, last, [fact(1), fact(2, last)])
            late = await told(journal, last, [fact(3)])
            assert isinstance(late, Conflict)
        both = await told(journal, "both", [fact(1, "run.failed"), fact(2, "run.succeeded")])

        assert isinstance(both, Conflict)
        assert await journal.read("both") == []

    @journaled
    async def test_one_refused_write_does_not_touch_the_others(self, journal: StoredJournal) -> None:
        """Also when they become durable together."""
        answers = await asyncio.gather(
            told(journal, "a", facts(1, 1)),
            told(journal, "a", facts(7, 7)),
            told(journal, "b", facts(1, 2)),
            told(journal, "a", facts(2, 2)),
        )

        assert [type(answer) for answer in answers] == [type(None), Conflict, type(None), type(None)]
        assert [len(await journal.read(run)) for run in ("a", "b")] == [2, 2]

    @journaled
    async def test_an_odd_value_fails_its_own_write_only(self, journal: StoredJournal) -> None:
        """R15: half a surrogate pair never wedges a run, whatever shares its transaction."""
        answers = await asyncio.gather(
            told(journal, "a", facts(1, 1)),
            told(journal, "odd\ud800", facts(1, 1), line=entry("odd\ud800")),
            told(journal, "b", facts(1, 1)),
        )
        await keep(journal, "a", facts(2, 2))

        assert answers[0] is None
        assert answers[2] is None
        assert len(await journal.read("a")) == 2

    @journaled
    async def test_ids_may_be_any_text(self, journal: StoredJournal) -> None:
        """R15: quotes, blanks, control characters, other scripts, ten thousand characters."""
        for number, run in enumerate(ODD_IDS):
            await keep(journal, run, facts(1, number + 1), line=entry(run, number))

        assert [len(await journal.read(run)) for run in ODD_IDS] == list(range(1, len(ODD_IDS) + 1))
        assert await ids(journal) == list(reversed(ODD_IDS))

    @journaled
    async def test_large_bodies_are_kept(self, journal: StoredJournal) -> None:
        """Sizes around the pages of a disk, and one of several megabytes."""
        sizes = (0, 1, 1_000, 4_095, 4_096, 4_097, 65_536, 5_000_000)
        rows = [fact(seq, body=bytes([seq]) * size) for seq, size in enumerate(sizes, 1)]

        await keep(journal, "run", rows)

        assert await journal.read("run") == rows

    # The index of runs

    @journaled
    async def test_a_run_is_found_as_it_was_last_written(self, journal: StoredJournal) -> None:
        """Its line comes with the facts that changed it, or alone."""
        line = entry("run", 3.5, "queued", parent="p", origin="o", tenant="t", stage="prod", labels={"team": "ö"})
        await keep(journal, "run", facts(1, 1), line=line)
        await keep(journal, "run", line=replace(line, status="running"))
        await keep(journal, "run", [fact(2, "run.failed")], line=replace(line, status="failed", ended_at=9.25))

        found = await journal.runs(RunQuery())

        assert found == [replace(line, status="failed", ended_at=9.25)]

    @journaled
    async def test_runs_are_listed_newest_first_in_pages(self, journal: StoredJournal) -> None:
        """A page goes on where the one before ended, also among runs of the same moment; a run that is gone is said."""
        for number in range(25):
            await keep(journal, f"r{number:02}", facts(1, 1), line=entry(f"r{number:02}", number // 5))

        first = await ids(journal, limit=10)
        second = await ids(journal, limit=10, cursor=first[-1])
        third = await ids(journal, limit=10, cursor=second[-1])

        assert first + second + third == [f"r{number:02}" for number in reversed(range(25))]
        assert await ids(journal, cursor="r00") == []
        await refused(ids(journal, cursor="gone"), KeyError)

    @journaled
    async def test_runs_are_found_by_what_is_asked(self, journal: StoredJournal) -> None:
        """Statuses, flow, parent, name or the start of an id, and when they ended; several at once narrow."""
        await keep(journal, "a1", facts(1, 1), line=entry("a1", 1, "running", flow="x"))
        await keep(journal, "a2", facts(1, 1), line=entry("a2", 2, "waiting", flow="y", parent="a1"))
        await keep(journal, "b1", facts(1, 1), line=entry("b1", 3, "queued", flow="y", parent="a1", name="a"))
        await ended(journal, "b2", 4.0, 10.0)
        await ended(journal, "b3", 5.0, 20.0)

        assert await ids(journal, statuses=frozenset({"running", "waiting", "queued"})) == ["b1", "a2", "a1"]
        assert await ids(journal, statuses=frozenset()) == []
        assert await ids(journal, flow="y") == ["b1", "a2"]
        assert await ids(journal, parent="a1", statuses=frozenset({"queued"})) == ["b1"]
        assert await ids(journal, name="a") == ["b1", "a2", "a1"]
        assert await ids(journal, name="name-a1") == ["a1"]
        assert await ids(journal, name="%") == []
        assert await ids(journal, ended_before=20.0) == ["b2"]
        assert await ids(journal, limit=1, flow="y", cursor="b1") == ["a2"]

    # Deleting

    @journaled
    async def test_a_deleted_run_leaves_nothing(self, journal: StoredJournal) -> None:
        """Facts, line and blobs are gone; the id can be used afresh; other runs are as they were."""
        await ended(journal, "kept")
        blob = (digest_of(b"mine"), b"mine")
        await keep(journal, "gone", [fact(1), fact(2, "run.failed")], blobs=[blob], line=entry("gone", ended_at=3.0))

        answers = [await journal.delete("gone"), await journal.delete("gone"), await journal.delete("never")]

        assert answers == [True, False, False]
        assert await journal.read("gone") == []
        assert await ids(journal) == ["kept"]
        await refused(journal.get(blob[0]), KeyError)
        await keep(journal, "gone", facts(1, 1))

    @journaled
    async def test_a_run_that_has_not_ended_is_not_deleted(self, journal: StoredJournal) -> None:
        """Somebody may still be driving it."""
        await keep(journal, "run", facts(1, 2), line=entry("run"))

        await refused(journal.delete("run"), Conflict)

        assert len(await journal.read("run")) == 2

    @journaled
    async def test_a_blob_stays_as_long_as_anybody_refers_to_it(self, journal: StoredJournal) -> None:
        """The same content of two runs is one blob; what belongs to no run stays for good."""
        shared, free = (digest_of(b"shared"), b"shared"), (digest_of(b"free"), b"free")
        for run in ("a", "b"):
            await keep(journal, run, [fact(1), fact(2, "run.succeeded")], blobs=[shared, free])
        assert await journal.put(b"free") == free[0]

        await journal.delete("a")
        after_one = await journal.get(shared[0])
        await journal.delete("b")

        assert after_one == b"shared"
        await refused(journal.get(shared[0]), KeyError)
        assert await journal.get(free[0]) == b"free"

    # Blobs

    @journaled
    async def test_blobs_come_back_by_their_hash(self, journal: StoredJournal) -> None:
        """Alone or with the facts that refer to them; empty and large; twice is once."""
        large = bytes(range(256)) * 40_000
        await keep(journal, "run", facts(1, 1), blobs=[(digest_of(large), large)])

        names = [await journal.put(content, "run") for content in (b"", b"x", b"x", large)]

        assert names == [digest_of(content) for content in (b"", b"x", b"x", large)]
        assert [await journal.get(name) for name in names] == [b"", b"x", b"x", large]
        await refused(journal.get(digest_of(b"never stored")), KeyError)

    # The end

    @journaled
    async def test_closing_waits_for_what_was_appended(self, journal: StoredJournal) -> None:
        """Every writer has its answer when `close` returns; closing twice is harmless; later writes are refused."""
        answers: list[BaseException | None] = []
        for seq in range(1, 101):
            journal.append(Write("run", facts(seq, seq), answers.append))

        await journal.close()
        await journal.close()
        await asyncio.sleep(0)
        late = await told(journal, "run", facts(101, 101))

        assert answers == [None] * 100
        assert isinstance(late, Closed)


class DurableJournalConformance(JournalConformance):
    """The same, and what outlives the process."""

    def test_what_was_durable_is_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        """P1: facts, index and blobs; and the run goes on where it was."""
        asyncio.run(self._written_and_opened_again(tmp_path))

    async def _written_and_opened_again(self, directory: Path) -> None:
        before = self.open(directory)
        await keep(before, "run", facts(1, 50), blobs=[(digest_of(b"b"), b"b")], line=entry("run"))
        await ended(before, "done")
        await before.close()

        after = self.open(directory)
        conflicts = [await told(after, "run", facts(50, 50)), await told(after, "done", [fact(3)])]
        await keep(after, "run", facts(51, 51))

        assert [type(answer) for answer in conflicts] == [Conflict] * 2
        assert await after.read("run") == facts(1, 51)
        assert sorted(await ids(after)) == ["done", "run"]
        assert await after.get(digest_of(b"b")) == b"b"
        await after.close()
