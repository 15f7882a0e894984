"""What an error of PostgreSQL, or of the way to it, means to whoever waits for a write."""

from typing import Final

from tenuto.ports.database_url import masked
from tenuto.ports.engine import Refused
from tenuto.ports.journal import Conflict, Damaged, DiskFailed, StorageFull
from tenuto.ports.records import Unavailable

from .sql import driver

# SQLSTATEs, or what they begin with.
_PASSING: Final = (
    "08",  # the connection
    "57P",  # the server stops, starts, or ended the session
    "57014",  # somebody cancelled the statement
    "25006",  # a standby: another server is the primary now
    "25P03",
    "40",  # two transactions in each other's way
    "53300",  # too many connections
    "55P03",
)
_NO_ROOM: Final = ("53",)  # disk, memory, a configured limit
_DISK: Final = ("XX001", "XX002", "58")
_SCHEMA: Final = ("42", "3F", "3D")
_TAKEN: Final = ("23",)


def passes(error: BaseException) -> bool:
    """Whether it is no answer of the database to what was asked, but about reaching it: asking again may do."""
    state = sqlstate(error)
    if state:
        return state.startswith(_PASSING)
    if isinstance(error, ValueError):  # asyncpg's word for an argument that cannot be sent is an InterfaceError too
        return False
    return isinstance(error, (OSError, driver().InterfaceError, driver().InternalClientError))


def verdict(error: Exception, where: str) -> Exception:
    """`StorageFull`, `DiskFailed`, `Damaged`, `Conflict`, or the error itself where it is about the values that were given."""
    state = sqlstate(error)
    if state.startswith(_NO_ROOM):
        return StorageFull(
            f"{where} has no room left ({error}): nothing new is accepted until there is some. What was acknowledged is safe."
        )
    if state.startswith(_DISK):
        return DiskFailed(
            f"The disk failed under {where} ({error}). Nothing is written any more. What was acknowledged is safe as far"
            " as the disk kept it: look at the disk of the database, then start again."
        )
    if state.startswith(_SCHEMA):
        return Damaged(f"The tables of the journal in {where} are not as they were left ({error}). Restore a backup.")
    if state.startswith(_TAKEN):
        return Conflict(f"The write does not fit what is stored ({error}).")
    return error


def unavailable(error: BaseException | None, where: str) -> Unavailable:
    said = f" ({_said(error)})" if error is not None else ""
    return Unavailable(
        f"{where} does not answer{said}. Nothing that was acknowledged is lost; it goes on by itself when it answers again."
    )


def refusal_to_open(error: Exception, where: str) -> Exception:
    """While opening: what the database says, said to a person."""
    state = sqlstate(error)
    if state.startswith("28"):
        return PermissionError(f"{where} refuses the user or the password of the URL ({error}).")
    if state.startswith("3D"):
        return Refused("invalid", f"{where}: there is no such database", "create it: createdb NAME")
    if state.startswith("42501"):
        return PermissionError(
            f"{where}: the user of the URL may not keep a journal there ({error})."
            " It needs a database of its own, or GRANT CREATE ON DATABASE."
        )
    if isinstance(error, ValueError):
        return Refused(
            "invalid", f"{where} cannot be asked for: {error}", "write postgresql://user:password@host:5432/name"
        )
    if passes(error):
        return Unavailable(
            f"{where} does not answer ({_said(error)}). Look whether it runs, and whether the address is right."
        )
    return verdict(error, where)


def place_of(url: str) -> str:
    """The database as a sentence names it: without its password."""
    return f"PostgreSQL at {masked(url)}"


def sqlstate(error: BaseException) -> str:
    return str(getattr(error, "sqlstate", None) or "")


def _said(error: BaseException) -> str:
    return str(error) or type(error).__name__
