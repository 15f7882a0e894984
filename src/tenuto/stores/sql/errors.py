"""What databases raise, in the words of the ports."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime

from tenuto.ports.engine import Refused
from tenuto.ports.journal import Damaged, StorageFull
from tenuto.ports.records import Missing, Taken, Unavailable

# PostgreSQL's codes. Of a class of errors its first two characters are enough.
_FOREIGN_KEY: Final = "23503"
_NO_ROOM: Final = ("53100",)
_LATER: Final = ("08", "40", "53", "55P03", "57")  # connections, deadlocks, resources, locks, operators
_SQLITE_DAMAGED: Final = ("SQLITE_NOTADB", "SQLITE_CORRUPT")
_SQLITE_LATER: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL")


@contextmanager
def translated() -> Generator[None]:
    """Errors of the database inside leave as the ports' own, without SQL and without values in their text."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _meant(error) from error
    except OSError as error:  # nobody listens at the address of a PostgreSQL
        raise Unavailable(f"The database cannot be reached: {error}") from error


def _meant(error: SQLAlchemyError) -> Exception:
    cause = error.orig if isinstance(error, StatementError) else None
    if isinstance(cause, Refused):
        return cause
    code = _code(cause)
    if isinstance(error, IntegrityError):
        return _broken_rule(code)
    if code == "SQLITE_FULL" or code.startswith(_NO_ROOM):
        return StorageFull("The disk of the store is full: nothing more can be kept until there is room.")
    if code.startswith(_SQLITE_DAMAGED):
        return Damaged(f"store.db is damaged ({cause}). Restore a backup into an empty directory.")
    gone = isinstance(error, DBAPIError) and error.connection_invalidated
    if gone or isinstance(error, NoConnectionInTime) or code.startswith((*_LATER, *_SQLITE_LATER)):
        return Unavailable(f"The database does not answer: {cause or error}")
    return error


def _code(cause: BaseException | None) -> str:
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorname", "")  # errors of the module itself have none
    return getattr(cause, "sqlstate", None) or ""


def _broken_rule(code: str) -> Exception:
    if code in {_FOREIGN_KEY, "SQLITE_CONSTRAINT_FOREIGNKEY"}:
        return Missing("What this belongs to does not exist.")
    return Taken("There is one already.")
