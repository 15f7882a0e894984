"""Looking runs up stays cheap however many there are: no question of the port reads the whole index of runs."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from tenuto.ports.journal import RunQuery
from tenuto.stores.journal_postgres import PostgresJournal
from tenuto.stores.journal_postgres.lookups import Listing
from tenuto.stores.journal_sqlite import SqliteJournal, SqliteReader, database
from tenuto.stores.journal_sqlite.lookups import listing
from tenuto.testing.journal_conformance import entry, facts, keep

QUERIES = {
    "by name or id": RunQuery(name="brave-otter-7f3a"),
    "children": RunQuery(parent="01a"),
    "unfinished": RunQuery(statuses=frozenset({"running", "waiting"})),
    "of a tenant": RunQuery(tenant="acme"),
    "of a flow": RunQuery(tenant="acme", flow="research"),
    "labelled": RunQuery(tenant="acme", labels={"team": "red"}),
    "of a day": RunQuery(tenant="acme", created_after=1.0, created_before=2.0),
    "ended long ago": RunQuery(ended_before=1.0),
}


# Of one agent, as `service.agent_runs` asks.
OF_AN_AGENT = RunQuery(tenant="acme", flow="agent-editor", labels={"agent": "editor"}, limit=1)


def plan_of(query: RunQuery, directory: Path) -> list[str]:
    asyncio.run(SqliteJournal(directory).close())
    statement, values = listing(query)
    db = apsw.Connection(str(directory / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    plan = [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
    db.close()
    return plan


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_question_is_answered_from_an_index(query: RunQuery, tmp_path: Path):
    plan = plan_of(query, tmp_path)

    assert not [step for step in plan if step.startswith("SCAN runs")], plan


def test_executions_of_an_agent_are_found_among_those_of_others(tmp_path: Path):
    """By the flow that they share, and those that have not ended among the few that have not, never by what all have."""
    unfinished = replace(OF_AN_AGENT, statuses=frozenset({"queued", "running", "waiting"}))

    assert "USING INDEX runs_by_flow (flow=?)" in plan_of(OF_AN_AGENT, tmp_path)[0]
    assert "USING INDEX runs_by_status (status=?)" in plan_of(unfinished, tmp_path)[0]


@pytest.mark.parametrize("name", ["first", "brave-otter-7f3a", "01m7zf0000000000000000000x"])
def test_one_run_is_found_without_walking_those_of_its_tenant(tmp_path: Path, name: str):
    """Every request that names a run asks so: what it costs must not grow with the runs that there are."""
    asyncio.run(SqliteJournal(tmp_path).close())
    statement, values = listing(RunQuery(name=name, tenant="acme", limit=20))

    db = apsw.Connection(str(tmp_path / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    plan = "\n".join(str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {statement}", values))
    db.close()

    assert "runs_by_name" in plan
    assert "runs_by_tenant" not in plan
    assert "runs_by_age" not in plan


def test_a_question_is_answered_from_an_index_of_postgres(postgres_url: str):
    """Told not to read whole tables, which it does while they are small, it finds another way to each."""

    async def plans() -> dict[str, str]:
        await (await PostgresJournal.open(postgres_url)).close()
        connection: Any = await asyncpg.connect(postgres_url, server_settings={"enable_seqscan": "off"})
        found: dict[str, str] = {}
        for name, query in QUERIES.items():
            listing = Listing(query)
            lines = await connection.fetch(f"EXPLAIN {listing.statement}", *listing.bound)
            found[name] = "\n".join(line[0] for line in lines)
        await connection.close()
        return found

    assert not [plan for plan in asyncio.run(plans()).values() if "Seq Scan" in plan]


def test_a_journal_from_before_these_questions_answers_them(tmp_path: Path):
    """Readers find it as it is; whoever owns it next adds what makes it quick."""
    asyncio.run(_with_a_run(tmp_path))
    older = apsw.Connection(str(tmp_path / "journal.db"), vfs=database.CHECKED_VFS)
    for name in ("runs_by_tenant", "runs_by_flow", "runs_by_label"):
        older.execute(f"DROP INDEX {name}")
    older.close()

    read = asyncio.run(_asked(SqliteReader(tmp_path)))
    owned = asyncio.run(_asked(SqliteJournal(tmp_path)))

    assert read == owned == ["run"]
    newer = apsw.Connection(str(tmp_path / "journal.db"), vfs=database.CHECKED_VFS)
    assert newer.execute("SELECT count(*) FROM sqlite_schema WHERE name LIKE 'runs_by_%'").get == 8
    newer.close()


async def _with_a_run(directory: Path) -> None:
    async with SqliteJournal(directory) as journal:
        await keep(journal, "run", facts(1, 1), line=entry("run", tenant="acme", labels={"team": "red"}))


async def _asked(journal: SqliteJournal | SqliteReader) -> list[str]:
    async with journal:
        return [found.id for found in await journal.runs(RunQuery(tenant="acme", labels={"team": "red"}))]
