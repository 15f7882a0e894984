"""Databases of every earlier revision become what this program expects, with what is in them; newer ones are refused."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from tenuto.ports.deliveries import Delivery
from tenuto.ports.journal import Newer
from tenuto.stores.sql import open_store
from tenuto.stores.sql.engines import Engines, postgres_engines, sqlite_engines
from tenuto.stores.sql.schema import MIGRATIONS, bring_to, revision_of
from tenuto.stores.sql.tables import REVISION, metadata

REVISIONS = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()][::-1]

# A row in every table that a revision made or changed. Never edited: such rows are out there.
ROWS: dict[str, str] = {
    "0001": """
        INSERT INTO tenants (id, name, created_at, quotas) VALUES ('default', 'default', 1.5, '{"runs": 2}');
        INSERT INTO users (id, login, name, created_at, password_hash, disabled, failed_logins)
            VALUES ('u1', 'ann@example.com', 'Ann', 1.5, 'hash', false, 3);
        INSERT INTO memberships (tenant, "user", roles) VALUES ('default', 'u1', '["editor"]');
        INSERT INTO roles (tenant, name, permissions) VALUES ('default', 'ops', '["runs:write"]');
        INSERT INTO keys (tenant, id, name, prefix, digest, permissions, created_by, created_at)
            VALUES ('default', 'k1', 'ci', 'tn_a', 'digest', '["runs:read"]', 'u1', 1.5);
        INSERT INTO sessions (id, "user", tenant, digest, created_at, expires_at)
            VALUES ('s1', 'u1', 'default', 'd2', 1.5, 9.5);
        INSERT INTO session_digests (digest, session) VALUES ('d1', 's1');
        INSERT INTO flows (tenant, name, number, description, updated_at) VALUES ('default', 'shop', 1, 'Sells', 1.5);
        INSERT INTO versions (tenant, flow, number, hash, media_type, "by", at, document, source)
            VALUES ('default', 'shop', 1, 'h', 'application/yaml', 'u1', 1.5, '{}', 'flow: shop');
        INSERT INTO drafts (tenant, flow, media_type, problems, "by", at, source)
            VALUES ('default', 'shop', 'application/yaml', 2, 'u1', 1.5, 'flow:');
        INSERT INTO stages (tenant, name, "order", production) VALUES ('default', 'prod', 0, true);
        INSERT INTO publications (tenant, flow, stage, version, "by", at)
            VALUES ('default', 'shop', 'prod', 1, 'u1', 1.5);
        INSERT INTO publication_history (tenant, flow, stage, version, "by", at)
            VALUES ('default', 'shop', 'prod', 1, 'u1', 1.5);
        INSERT INTO schedules (tenant, stage, flow, version, "index", cron, timezone, next_due)
            VALUES ('default', 'prod', 'shop', 1, 0, '* * * * *', 'UTC', 60.5);
        INSERT INTO sealed (tenant, stage, name, version, "by", at, nonce, ciphertext, wrapped, key_id)
            VALUES ('default', '*', 'TOKEN', 1, 'u1', 1.5, 'n', 'c', 'w', 'k');
        INSERT INTO variables (tenant, stage, name, value, "by", at) VALUES ('default', '*', 'A', '[1]', 'u1', 1.5);
        INSERT INTO deliveries (tenant, source, id, at) VALUES ('default', 'crm', 'm1', 1.5);
        INSERT INTO outbox (tenant, id, topic, payload, at, next_due, attempts, dead)
            VALUES ('default', 'o1', 'run.failed', '{"run": "r"}', 1.5, 2.5, 0, false);
        INSERT INTO audit (tenant, seq, at, actor, action, subject, outcome, details, previous, hash)
            VALUES ('default', 1, 1.5, 'u1', 'flows.publish', 'shop', 'ok', '{}', '', 'h1');
    """,
    "0002": """
        INSERT INTO claims (tenant, key, digest, run, at, expires) VALUES ('default', 'k', 'd', 'r', 1.5, 2.5);
        INSERT INTO notes (tenant, run, id, text, "by", at) VALUES ('default', 'r', 'n1', 'hm', 'u1', 1.5);
        INSERT INTO deliveries (tenant, source, id, at, run) VALUES ('default', 'crm', 'm2', 1.5, 'r');
    """,
    "0003": """
        INSERT INTO sealed (tenant, stage, name, version, "by", at, nonce, ciphertext, wrapped, key_id, hosts)
            VALUES ('default', '*', 'BOUND', 1, 'u1', 1.5, 'n', 'c', 'w', 'k', '["example.com"]');
    """,
    "0004": """
        INSERT INTO webhooks (tenant, id, url, types, description, labels, active, "by", created_at, updated_at)
            VALUES ('default', 'w1', 'https://example.com', '["run.*"]', '', '{"a": "b"}', true, 'u1', 1.5, 1.5);
        INSERT INTO webhook_deliveries
            (tenant, webhook, id, event, type, payload, queued_at, status, attempts, next_due, changed_at)
            VALUES ('default', 'w1', 'd1', 'e1', 'run.failed', '{"n": 1}', 1.5, 'pending', 0, 2.5, 1.5);
    """,
    "0005": "",
    "0006": """
        INSERT INTO http_tools VALUES ('default', 'find_order', '{}', 'user:ann', 1.0);
        INSERT INTO mcp_servers VALUES ('default', 'tickets', '{}', 'user:ann', 1.0);
        INSERT INTO mcp_pins VALUES ('default', 'tickets', 'search', 'aa', '{}', 'user:ann', 1.0);
    """,
    "0007": """
        INSERT INTO agents (tenant, name, number, description, team, updated_at, deleted)
            VALUES ('default', 'editor', 1, 'Edits.', 'marketing', 1.5, false);
        INSERT INTO agent_versions (tenant, agent, number, hash, "by", at, source)
            VALUES ('default', 'editor', 1, 'f5ed5d73c696', 'u1', 1.5, '---');
    """,
    "0008": """
        INSERT INTO conversations (tenant, name, holder, until) VALUES ('default', 'chat', 'r/ask', 2.5);
        INSERT INTO conversation_messages (tenant, session, number, key, message, at)
            VALUES ('default', 'chat', 1, 'r/ask', '{"role": "user", "content": "hello"}', 1.5);
    """,
    "0009": """
        INSERT INTO session_places (tenant, session, run, path, since, turn)
            VALUES ('default', 'chat', 'r', 'ask', 1.5, true);
    """,
}
# Columns that a revision took away: nothing read them.
DROPPED = {"users": {"failed_logins", "locked_until"}, "conversations": {"holder", "until"}}


@dataclass
class Opening:
    """A way to a database. `url`: of one that is no file."""

    engines: Callable[[], Engines]
    url: str | None = None

    def __call__(self) -> Engines:
        return self.engines()


@pytest.fixture(params=["sqlite", "postgres"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Opening:
    """A way to an empty database, the same one each time."""
    if request.param == "sqlite":
        return Opening(lambda: sqlite_engines(tmp_path / "store.db"))
    url: str = request.getfixturevalue("postgres_url")
    return Opening(lambda: postgres_engines(url), url)


async def migrated(opening: Opening, revision: str, rows: bool = True) -> None:
    """A database as the program of that revision left it."""
    engines = opening()
    async with engines.migrator.begin() as connection:
        for step in REVISIONS[: REVISIONS.index(revision) + 1]:
            await connection.run_sync(bring_to, step)
            for statement in ROWS[step].split(";\n") if rows else ():
                if statement.strip():
                    await connection.execute(text(statement))
    await engines.close()


async def seen(opening: Opening, look: Callable[[Connection], Any]) -> Any:
    engines = opening()
    async with engines.reader.connect() as connection:
        found = await connection.run_sync(look)
    await engines.close()
    return found


def contents(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables. Booleans of a row that was written in SQL are numbers to SQLite, and compare alike."""
    names = sorted(inspect(connection).get_table_names())
    return {
        name: [dict(row) for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings()] for name in names
    }


def structure(connection: Connection) -> dict[str, Any]:
    """Everything that can be said of the tables: columns with types, keys, indexes, what refers to what."""
    eye = inspect(connection)
    return {
        table: {
            "columns": [
                (column["name"], repr(column["type"]), column["nullable"], column["default"])
                for column in eye.get_columns(table)
            ],
            "key": eye.get_pk_constraint(table),
            "foreign": sorted(eye.get_foreign_keys(table), key=repr),
            "unique": sorted(eye.get_unique_constraints(table), key=repr),
            "indexes": sorted(eye.get_indexes(table), key=repr),
        }
        for table in sorted(eye.get_table_names())
    }


def test_the_newest_revision_is_the_one_that_the_tables_are_at() -> None:
    """A new migration needs a new `REVISION` and rows in `ROWS`."""
    assert REVISIONS[-1] == REVISION
    assert list(ROWS) == REVISIONS


async def test_the_migrations_make_exactly_the_tables_that_are_declared(fresh: Opening, tmp_path: Path) -> None:
    await migrated(fresh, REVISION, rows=False)
    by_migrations = await seen(fresh, structure)
    engines = fresh()
    async with engines.migrator.begin() as connection:
        await connection.run_sync(metadata.drop_all)
        await connection.run_sync(metadata.create_all)
    await engines.close()

    declared = await seen(fresh, structure)

    assert by_migrations == declared
    assert declared.keys() == {*metadata.tables, "store_revision"}


@pytest.mark.parametrize("revision", REVISIONS)
async def test_an_older_database_is_upgraded_with_all_that_is_in_it(
    fresh: Opening, revision: str, tmp_path: Path
) -> None:
    await migrated(fresh, revision)
    before = await seen(fresh, contents)

    store = await opened(fresh, tmp_path)
    await store.close()
    after = await seen(fresh, contents)

    for table, rows in before.items():
        if table != "store_revision":
            kept = [{name: old[name] for name in old.keys() - DROPPED.get(table, set())} for old in rows]
            assert [{**new, **old} for old, new in zip(kept, after[table], strict=True)] == after[table]
    assert await seen(fresh, revision_of) == REVISION


async def test_every_table_has_a_row_in_the_databases_that_are_upgraded(fresh: Opening) -> None:
    await migrated(fresh, REVISION)

    assert [table for table, rows in (await seen(fresh, contents)).items() if not rows] == []


async def test_what_is_upgraded_works(fresh: Opening, tmp_path: Path) -> None:
    """A delivery of the first revision knows no run; one that is recorded now does."""
    await migrated(fresh, "0001")

    store = await opened(fresh, tmp_path)
    try:
        async with store.write() as tx:
            old = Delivery("default", "crm", "m1", 1.5)
            assert await tx.deliveries.record(Delivery("default", "crm", "m1", 2.0, "r"), since=0.0) == old
            assert await tx.deliveries.record(Delivery("default", "crm", "m9", 2.0, "r"), since=0.0) is None
            assert (await tx.users.get("u1")) is not None
    finally:
        await store.close()


async def test_a_newer_database_is_refused_and_left_as_it_was(fresh: Opening, tmp_path: Path) -> None:
    await migrated(fresh, REVISION)
    engines = fresh()
    async with engines.migrator.begin() as connection:
        await connection.execute(text("UPDATE store_revision SET version_num = '9999'"))
    await engines.close()
    before = await seen(fresh, contents)

    with pytest.raises(Newer, match=r"revision 9999.*update this one"):
        await opened(fresh, tmp_path)

    assert await seen(fresh, contents) == before


async def test_an_upgrade_that_fails_changes_nothing(fresh: Opening, tmp_path: Path) -> None:
    """Here: somebody made a table of the name that the second revision makes."""
    await migrated(fresh, "0001")
    engines = fresh()
    async with engines.migrator.begin() as connection:
        await connection.execute(text("CREATE TABLE notes (id INTEGER)"))
    await engines.close()
    before = await seen(fresh, structure)

    with pytest.raises(Exception, match="notes"):
        await opened(fresh, tmp_path)

    assert await seen(fresh, structure) == before
    assert await seen(fresh, revision_of) == "0001"


async def test_many_that_open_an_empty_database_at_once_make_it_once(tmp_path: Path) -> None:
    import asyncio

    stores = await asyncio.gather(*(open_store(tmp_path) for _ in range(4)))
    for store in stores:
        await store.close()

    with sqlite3.connect(tmp_path / "store.db") as connection:
        assert connection.execute("SELECT count(*) FROM tenants").fetchone() == (1,)


async def opened(opening: Opening, data: Path) -> Any:
    return await open_store(data, opening.url)
