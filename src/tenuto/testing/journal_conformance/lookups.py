"""The index of runs: newest first, in pages, narrowed by what is asked."""

from dataclasses import replace

from tenuto.ports.journal import RunQuery

from .suite import Opening, StoredJournal, after, ended, entry, fact, facts, ids, journaled, keep


class Lookups(Opening):
    """Finding runs."""

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
        """A page goes on where the one before ended, also among runs of the same moment, and where its last run is gone."""
        for number in range(25):
            await keep(journal, f"r{number:02}", facts(1, 1), line=entry(f"r{number:02}", number // 5))

        first = await ids(journal, limit=10)
        second = await after(journal, first[-1], limit=10)
        third = await after(journal, second[-1], limit=10)

        assert first + second + third == [f"r{number:02}" for number in reversed(range(25))]
        assert await after(journal, "r00") == []
        assert await ids(journal, cursor=(4.0, "r22a"), limit=3) == ["r22", "r21", "r20"]

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
        assert await ids(journal, ended_after=10.5) == ["b3"]
        assert await ids(journal, ended_after=10.0) == ["b3", "b2"]
        assert await after(journal, "b1", limit=1, flow="y") == ["a2"]

    @journaled
    async def test_runs_are_found_by_tenant_and_stage(self, journal: StoredJournal) -> None:
        """A run of another tenant is unknown: by its name, its id, and as a child."""
        for number, (tenant, stage) in enumerate([("a", "dev"), ("b", "dev"), ("a", "prod"), ("b", "prod")]):
            line = entry(f"r{number}", number, tenant=tenant, stage=stage, name="same", parent="p")
            await keep(journal, f"r{number}", facts(1, 1), line=line)

        assert await ids(journal, tenant="a") == ["r2", "r0"]
        assert await ids(journal, tenant="b", stage="dev") == ["r1"]
        assert await ids(journal, stage="prod") == ["r3", "r2"]
        assert await ids(journal, tenant="a", name="same") == ["r2", "r0"]
        assert await ids(journal, tenant="a", name="r1") == []
        assert await after(journal, "r2", tenant="a", parent="p", limit=1) == ["r0"]
        assert await ids(journal, tenant="c") == []

    @journaled
    async def test_runs_are_found_by_their_labels(self, journal: StoredJournal) -> None:
        """All that are asked for must match, whole and as text, whatever stands in them."""
        odd = {'a"b': "$.x", "a.b": "", "": "%", "ö\x00": "🎻\x00"}
        await keep(journal, "red", facts(1, 1), line=entry("red", 1, labels={"team": "red", "year": "1"}))
        await keep(journal, "blue", facts(1, 1), line=entry("blue", 2, labels={"team": "blue", "year": "1"}))
        await keep(journal, "odd", facts(1, 1), line=entry("odd", 3, labels=odd))
        await keep(journal, "none", facts(1, 1), line=entry("none", 4))

        assert await ids(journal, labels={"year": "1"}) == ["blue", "red"]
        assert await ids(journal, labels={"team": "red", "year": "1"}) == ["red"]
        assert await ids(journal, labels={"team": "red", "year": "2"}) == []
        assert await ids(journal, labels={"team": "re"}) == []
        assert await ids(journal, labels={"red": "team"}) == []
        assert await ids(journal, labels=odd) == ["odd"]
        assert await ids(journal, labels={}) == ["none", "odd", "blue", "red"]

    @journaled
    async def test_labels_that_change_are_found_anew(self, journal: StoredJournal) -> None:
        """What a run was labelled before is no longer true of it."""
        await keep(journal, "run", facts(1, 1), line=entry("run", labels={"team": "red"}))

        await keep(journal, "run", line=entry("run", labels={"team": "blue"}))

        assert await ids(journal, labels={"team": "red"}) == []
        assert await ids(journal, labels={"team": "blue"}) == ["run"]

    @journaled
    async def test_runs_are_found_by_when_they_were_created(self, journal: StoredJournal) -> None:
        """From a moment on, up to but without another: days that follow one another share no run."""
        for number in range(5):
            await keep(journal, f"r{number}", facts(1, 1), line=entry(f"r{number}", number + 0.5))

        assert await ids(journal, created_after=2.5) == ["r4", "r3", "r2"]
        assert await ids(journal, created_before=2.5) == ["r1", "r0"]
        assert await ids(journal, created_after=1.5, created_before=3.5, limit=1) == ["r2"]
        assert await after(journal, "r2", created_after=1.5, created_before=3.5) == ["r1"]
