"""The tables of a database brought to what this program expects: made if there are none, upgraded if they are older."""

import logging
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    ExecutableDDLElement,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_mock_engine,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from tenuto.ports.journal import Damaged, Newer
from tenuto.stores.sql.engines import SCHEMA
from tenuto.stores.sql.errors import translated
from tenuto.stores.sql.tables import REVISION, metadata

MIGRATIONS: Final = Path(__file__).parent / "migrations"
VERSION_TABLE: Final = "store_revision"

_LOCK: Final = 7_365_011_927  # any number that nobody else uses: one program upgrades at a time
_version: Final = Table(  # as Alembic makes it; made here, so that a new store need not load Alembic
    VERSION_TABLE,
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name=f"{VERSION_TABLE}_pkc"),
)


async def ensure_schema(engine: AsyncEngine) -> None:
    """`Newer` if a newer program wrote the database. Alembic is loaded only for one of another revision."""
    with translated():
        async with engine.begin() as connection:
            await connection.run_sync(_ensure)


def _ensure(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        _make_schema(connection)
    found = revision_of(connection)
    if found is None:
        for statement in _tables(connection.dialect.name):
            connection.exec_driver_sql(statement)
        connection.execute(insert(_version).values(version_num=REVISION))
    elif found != REVISION:
        _upgrade(connection, found)


@cache
def _tables(dialect: str) -> tuple[str, ...]:
    """What makes them. It is put into words once: tests and tools open many new stores."""
    said: list[str] = []

    def note(statement: ExecutableDDLElement, *_: Any, **__: Any) -> None:
        said.append(str(statement.compile(dialect=paper.dialect)))

    paper = create_mock_engine(f"{dialect}://", note)
    for each in (metadata, _version.metadata):
        each.create_all(paper, checkfirst=False)
    return tuple(said)


def revision_of(connection: Connection) -> str | None:
    """None: there is no store in this database yet."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(select(_version.c.version_num)).scalar()


def _upgrade(connection: Connection, found: str) -> None:
    from alembic.script import ScriptDirectory

    known = {script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()}
    if found not in known:
        raise Newer(
            f"The store has the revision {found}, and this Tenuto knows revisions up to {REVISION}."
            " A newer Tenuto wrote it: update this one, or name another data directory or database."
        )
    bring_to(connection, REVISION)
    if connection.dialect.name == "sqlite" and (lost := connection.execute(text("PRAGMA foreign_key_check")).first()):
        raise Damaged(f"The store could not be upgraded: a row of {lost[0]} belongs to nothing. It is as it was.")


def bring_to(connection: Connection, revision: str) -> None:
    """Run the migrations up to that one, in the transaction of this connection: all of them, or none."""
    from alembic import command
    from alembic.config import Config

    _make_schema(connection)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    command.upgrade(config, revision)


def _make_schema(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
