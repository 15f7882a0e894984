"""Forgetting a run, with the blobs that nothing else refers to."""

from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Conflict

from .suite import Opening, StoredJournal, ended, entry, fact, facts, ids, journaled, keep, refused


class Deletion(Opening):
    """What is gone, and what stays."""

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
