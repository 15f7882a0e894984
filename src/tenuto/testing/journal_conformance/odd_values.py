"""Values that nobody expected are kept as they are, or fail alone."""

import asyncio
from typing import Final

from .suite import Opening, StoredJournal, entry, fact, facts, ids, journaled, keep, told

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


class OddValues(Opening):
    """R15: odd texts, odd sizes."""

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
