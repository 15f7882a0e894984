"""The end of a journal, and its next opening."""

import asyncio
from pathlib import Path

from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Closed, Conflict, Write

from .suite import Opening, StoredJournal, ended, entry, fact, facts, ids, journaled, keep, told


class Closing(Opening):
    """What `close` promises."""

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


class Reopening(Opening):
    """What outlives the process."""

    def test_what_was_durable_is_there_when_it_is_opened_again(self, tmp_path: Path) -> None:
        """P1: facts, index and blobs; and the run goes on where it was."""
        asyncio.run(self._written_and_opened_again(tmp_path))

    async def _written_and_opened_again(self, directory: Path) -> None:
        before = await self.open(directory)
        await keep(before, "run", facts(1, 50), blobs=[(digest_of(b"b"), b"b")], line=entry("run"))
        await ended(before, "done")
        await before.close()

        after = await self.open(directory)
        conflicts = [await told(after, "run", facts(50, 50)), await told(after, "done", [fact(3)])]
        await keep(after, "run", facts(51, 51))

        assert [type(answer) for answer in conflicts] == [Conflict] * 2
        assert await after.read("run") == facts(1, 51)
        assert sorted(await ids(after)) == ["done", "run"]
        assert await after.get(digest_of(b"b")) == b"b"
        await after.close()
