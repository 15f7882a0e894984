"""Content by its hash."""

from tenuto.ports.codec import digest_of

from .suite import Opening, StoredJournal, facts, journaled, keep, refused


class BlobsKept(Opening):
    """What is put in comes out."""

    @journaled
    async def test_blobs_come_back_by_their_hash(self, journal: StoredJournal) -> None:
        """Alone or with the facts that refer to them; empty and large; twice is once."""
        large = bytes(range(256)) * 40_000
        await keep(journal, "run", facts(1, 1), blobs=[(digest_of(large), large)])

        names = [await journal.put(content, "run") for content in (b"", b"x", b"x", large)]

        assert names == [digest_of(content) for content in (b"", b"x", b"x", large)]
        assert [await journal.get(name) for name in names] == [b"", b"x", b"x", large]
        await refused(journal.get(digest_of(b"never stored")), KeyError)

    @journaled
    async def test_what_nobody_owns_any_more_is_forgotten(self, journal: StoredJournal) -> None:
        """An owner that is no run gives back all that it had; what another owns too stays."""
        alone, shared = await journal.put(b"alone", "a day"), await journal.put(b"shared", "a day")
        await journal.put(b"shared", "run")

        await journal.disown("a day")
        await journal.disown("nobody")

        await refused(journal.get(alone), KeyError)
        assert await journal.get(shared) == b"shared"
