"""Two who write the same run: one of them is told so, and nothing of its write is kept."""

import asyncio

from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Conflict, RunQuery

from .suite import Opening, StoredJournal, entry, fact, facts, journaled, keep, refused, told


class Conflicts(Opening):
    """What does not continue its run is refused."""

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
