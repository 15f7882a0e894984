"""How the database is opened: settings of a session, schema and its version. Knows no runs.

Everything lies in a schema of its own, so that the database may hold other things. Texts are kept as bytes (UTF-8):
PostgreSQL refuses a NUL in a text, and an id of a run may hold one. `readable` is for people with a `psql`.
"""

import secrets
from typing import Final

from tenuto.ports.journal import Damaged, Newer

from .sql import Connection

VERSION: Final = 1

# Facts cluster by run through their key. `crc` is over everything else in the row. A label is `["name", "value"]`, and its
# tag the start of the hash of that: an index takes texts of any length then.
SCHEMA: Final = (
    "CREATE SCHEMA tenuto_journal",
    (
        "CREATE TABLE tenuto_journal.meta (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL,"
        " identity bytea NOT NULL, commits bigint NOT NULL, epoch bigint NOT NULL, clean boolean NOT NULL,"
        " owner text NOT NULL)"
    ),
    (
        "CREATE TABLE tenuto_journal.facts (run bytea NOT NULL, seq bigint NOT NULL, type text NOT NULL,"
        " at double precision NOT NULL, crc bigint NOT NULL, body bytea NOT NULL, PRIMARY KEY (run, seq))"
    ),
    (
        "CREATE TABLE tenuto_journal.runs (id bytea PRIMARY KEY, name bytea NOT NULL, flow bytea NOT NULL,"
        " document text NOT NULL, status text NOT NULL, created_at double precision NOT NULL,"
        " ended_at double precision, tenant bytea NOT NULL, stage bytea NOT NULL, parent bytea, origin bytea,"
        " labels text[] NOT NULL, tags text[] NOT NULL)"
    ),
    "CREATE INDEX runs_by_age ON tenuto_journal.runs (created_at, id)",
    "CREATE INDEX runs_by_status ON tenuto_journal.runs (status, created_at, id)",
    "CREATE INDEX runs_by_name ON tenuto_journal.runs (name)",
    "CREATE INDEX runs_by_tenant ON tenuto_journal.runs (tenant, created_at, id)",
    "CREATE INDEX runs_by_flow ON tenuto_journal.runs (flow, created_at, id)",
    "CREATE INDEX runs_by_end ON tenuto_journal.runs (ended_at) WHERE ended_at IS NOT NULL",
    "CREATE INDEX runs_by_parent ON tenuto_journal.runs (parent) WHERE parent IS NOT NULL",
    "CREATE INDEX runs_by_label ON tenuto_journal.runs USING gin (tags) WHERE tags <> '{}'",
    "CREATE TABLE tenuto_journal.blobs (hash text PRIMARY KEY, content bytea NOT NULL)",
    "CREATE TABLE tenuto_journal.owners (hash text NOT NULL, run bytea NOT NULL, PRIMARY KEY (hash, run))",
    "CREATE INDEX owners_by_run ON tenuto_journal.owners (run)",
    (
        "CREATE VIEW tenuto_journal.readable AS SELECT encode(id, 'escape') AS id, encode(name, 'escape') AS name,"
        " encode(flow, 'escape') AS flow, status, to_timestamp(created_at) AS created_at,"
        " to_timestamp(ended_at) AS ended_at, encode(tenant, 'escape') AS tenant, encode(stage, 'escape') AS stage,"
        " labels FROM tenuto_journal.runs"
    ),
)

# Whatever the server, the database or the user is set to. A client that died without a word is noticed in half a minute.
_SESSION: Final = {
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "default_transaction_isolation": "read committed",
    "tcp_keepalives_idle": "15",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}
_WEAK: Final = frozenset({"off", "local", "remote_write"})


def session(name: str) -> dict[str, str]:
    """The settings of a connection; `name` is what the server's lists show it as."""
    return {**_SESSION, "application_name": name}


async def make_durable(connection: Connection) -> tuple[str, ...]:
    """Every commit is on disk when it returns; sentences about what this server cannot promise."""
    if await connection.fetchval("SHOW synchronous_commit") in _WEAK:
        await connection.execute("SET synchronous_commit = on")
    loose = [name for name in ("fsync", "full_page_writes") if await connection.fetchval(f"SHOW {name}") != "on"]
    if not loose:
        return ()
    return (
        f"PostgreSQL runs with {' and '.join(loose)} off: a power failure can lose what was acknowledged, and more.",
    )


async def exists(connection: Connection) -> bool:
    return await connection.fetchval("SELECT to_regclass('tenuto_journal.meta') IS NOT NULL")


async def lay_out(connection: Connection) -> None:
    """By the owner, inside a transaction."""
    for statement in SCHEMA:
        await connection.execute(statement)
    await connection.execute(
        "INSERT INTO tenuto_journal.meta (version, identity, commits, epoch, clean, owner) VALUES ($1, $2, 0, 0, true, '')",
        VERSION,
        secrets.token_bytes(8),
    )


async def check_version(connection: Connection, where: str) -> None:
    """Refuse what a newer program wrote."""
    version = await connection.fetchval("SELECT version FROM tenuto_journal.meta")
    if version is None:
        raise Damaged(f"The journal in {where} has lost its header. Restore a backup.")
    if version > VERSION:
        raise Newer(
            f"The journal in {where} has the format {version}, and this Tenuto knows formats up to {VERSION}."
            " A newer Tenuto wrote it: update this one, or name another database."
        )
