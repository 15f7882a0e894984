"""What databases raise, in the words of the ports."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError, SQLAlchemyError, StatementError

from tenuto.ports.engine import Refused
from tenuto.ports.journal import StorageFull
from tenuto.ports.records import Missing, Taken, Unavailable

_FOREIGN_KEY = "23503"  # PostgreSQL's code for a row that refers to none
_FULL = frozenset({"53100", "53400"})  # disk full, a configured limit reached


@contextmanager
def translated() -> Generator[None]:
    """Every error of the database inside leaves as one of the ports', without SQL and without values in its text."""
    try:
        yield
    except SQLAlchemyError as error:
        raise _meant(error) from error
    except OSError as error:  # asyncpg, where nobody listens
        raise Unavailable(f"The database cannot be reached: {error}") from error


def _meant(error: SQLAlchemyError) -> Exception:
    cause = error.orig if isinstance(error, StatementError) else None
    if isinstance(cause, Refused):
        return cause
    if isinstance(error, IntegrityError):
        return _broken_rule(error)
    if _is_full(cause):
        return StorageFull("The disk of the store is full: nothing more can be kept until there is room.")
    if isinstance(error, DBAPIError) and (
        error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    ):
        return Unavailable(f"The database does not answer: {cause}")
    return error


def _broken_rule(error: IntegrityError) -> Exception:
    if getattr(error.orig, "sqlstate", None) == _FOREIGN_KEY or "FOREIGN KEY" in str(error.orig):
        return Missing("What this belongs to does not exist.")
    return Taken("There is one already.")


def _is_full(cause: BaseException | None) -> bool:
    if isinstance(cause, sqlite3.OperationalError):
        return cause.sqlite_errorname == "SQLITE_FULL"
    return getattr(cause, "sqlstate", None) in _FULL
