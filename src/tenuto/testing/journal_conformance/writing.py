"""Facts: written in order, read back as they were, told in batches."""

import asyncio
from collections.abc import Callable
from typing import Any

from tenuto.ports.journal import Write

from .suite import Opening, StoredJournal, fact, facts, journaled, keep


class Writing(Opening):
    """What is appended, and what is told of it."""

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
        assert await journal.read("run", 1, 2) == facts(2, 3)
        assert await journal.read("run", 3, 9) == facts(4, 5)

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
