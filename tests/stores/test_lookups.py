"""Looking runs up stays cheap however many there are: no question of the port reads the whole index of runs."""

import asyncio
from pathlib import Path

import apsw
import pytest

from tenuto.ports.journal import RunQuery
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.stores.journal_sqlite.reader import _conditions, _select

QUERIES = {
    "by name or id": RunQuery(name="brave-otter-7f3a"),
    "children": RunQuery(parent="01a"),
    "unfinished": RunQuery(statuses=frozenset({"running", "waiting"})),
    "ended long ago": RunQuery(ended_before=1.0),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_question_is_answered_from_an_index(query: RunQuery, tmp_path: Path):
    asyncio.run(SqliteJournal(tmp_path).close())
    where, values = _conditions(query)

    db = apsw.Connection(str(tmp_path / "journal.db"), flags=apsw.SQLITE_OPEN_READONLY)
    plan = [str(row[3]) for row in db.execute(f"EXPLAIN QUERY PLAN {_select(where)}", [*values, 50])]
    db.close()

    assert not [step for step in plan if step.startswith("SCAN")], plan
