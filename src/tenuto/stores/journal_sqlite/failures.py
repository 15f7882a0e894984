"""What an error of SQLite means to whoever waits for a write."""

import errno
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apsw

from tenuto.ports.journal import Conflict, Damaged, DiskFailed, StorageFull

# A write that failed leaves nothing behind and can be made again; a sync that failed cannot.
_WRITES: Final = frozenset({apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_SHMSIZE, apsw.SQLITE_IOERR_TRUNCATE})
_NO_ROOM: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_OF_THE_DISK: Final = (
    OSError,
    apsw.IOError,
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.CantOpenError,
    apsw.ReadOnlyError,
)


def verdict(error: Exception, path: Path, errno: int = 0) -> Exception:
    """`StorageFull`, `DiskFailed`, `Conflict`, or the error itself where it is about the values that were given."""
    if isinstance(error, apsw.FullError) or _lacks_room(error, errno):
        return StorageFull(
            f"No space is left for {path}: nothing new is accepted until there is some. What was acknowledged is safe."
        )
    if isinstance(error, _OF_THE_DISK):
        return DiskFailed(
            f"The disk failed under {path} ({error}). Nothing is written any more. What was acknowledged is safe as far"
            " as the disk kept it: look at the disk, then start again."
        )
    if isinstance(error, apsw.ConstraintError):
        return Conflict(f"The write does not fit what is stored ({error}).")
    return error


def _lacks_room(error: Exception, errno: int) -> bool:
    """Quotas and limits refuse in other words than a full disk, for which alone SQLite has a name."""
    return getattr(error, "extendedresult", None) in _WRITES and errno in _NO_ROOM


@contextmanager
def sentences(path: Path) -> Generator[None]:
    """While opening: what SQLite says of a file that it cannot use, said to a person."""
    try:
        yield
    except apsw.FullError as error:
        raise verdict(error, path) from error
    except (apsw.CorruptError, apsw.IOError, apsw.NotADBError, apsw.SQLError) as error:
        raise Damaged(f"{path} is damaged ({error}). Restore a backup into an empty directory.") from error
    except apsw.CantOpenError as error:
        raise PermissionError(
            f"{path} cannot be opened. Check who owns it and its directory, and their modes."
        ) from error
