"""Which journal a data directory has: a file in it, or the PostgreSQL that a URL names. The driver of that is loaded only then."""

from pathlib import Path
from typing import TYPE_CHECKING

from tenuto.ports.database_url import DatabaseUrl
from tenuto.stores.journal_sqlite import SqliteJournal, SqliteReader

if TYPE_CHECKING:
    from tenuto.stores.journal_postgres import PostgresJournal, PostgresReader

    AnyJournal = SqliteJournal | PostgresJournal
    AnyReader = SqliteReader | PostgresReader
    Records = SqliteJournal | PostgresReader


async def open_journal(directory: Path, url: DatabaseUrl | None) -> "AnyJournal":
    """Own it. `Owned` if another process does. The directory is made: logs and the control socket lie there in any case."""
    if url is None:
        return SqliteJournal(directory)
    from tenuto.stores.journal_postgres import PostgresJournal

    directory.mkdir(parents=True, exist_ok=True, mode=0o700)  # noqa: ASYNC240  once, while opening
    return await PostgresJournal.open(url.plain, directory)


async def find_reader(directory: Path, url: DatabaseUrl | None) -> "AnyReader":
    """Look at it beside whoever owns it. `FileNotFoundError` if there is none; it is not made."""
    if url is None:
        return SqliteReader(directory)
    from tenuto.stores.journal_postgres import PostgresReader

    return await PostgresReader.open(url.plain)
