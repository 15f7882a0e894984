"""A copy of the journal while it is in use: one file, consistent, with everything acknowledged before it was finished.

The copy is made on the writer's connection, some pages at a time between two transactions, so that what is written
meanwhile goes into the copy as well and it never has to begin again. It is a journal of its own: put it into an empty
data directory as `journal.db`, and whoever opens it begins a later epoch.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import apsw

from tenuto.ports.journal import Damaged, StorageFull

from .database import create_empty, meta, new_identity, pragma, set_meta
from .sql import Connection

STEP: Final = 256  # pages (1 MB)


@contextmanager
def in_words(target: Path) -> Generator[None]:
    """What goes wrong while copying, said to a person. The journal itself goes on."""
    try:
        yield
    except apsw.FullError as error:
        raise StorageFull(f"No space is left for the backup {target}. Nothing of it was kept.") from error
    except (apsw.IOError, apsw.CorruptError) as error:
        raise Damaged(f"The backup {target} was given up: a page cannot be read or written ({error}).") from error
    except apsw.CantOpenError as error:
        raise PermissionError(f"The backup {target} cannot be written. Check the mode of its directory.") from error


class Backup:
    """`step` on the writer's thread until it answers True, then `complete`; `close` in any case. `FileExistsError` if there is one."""

    def __init__(self, source: Connection, target: Path) -> None:
        if not target.parent.is_dir():
            raise FileNotFoundError(f"{target.parent} is no directory; a backup is put where one is.")
        if target.exists():
            raise FileExistsError(f"{target} exists already; name another file.")
        self._target = target
        self._partial = target.with_name(f"{target.name}.partial")
        self._partial.unlink(missing_ok=True)
        self._copy = create_empty(self._partial, source.reserve_bytes("main"))
        self._whole = False
        self._backup = self._copy.backup("main", source, "main")

    def step(self) -> bool:
        self._backup.step(STEP)
        return self._backup.done

    def complete(self) -> None:
        """On the writer's thread, which the source belongs to: the copy is whole."""
        self._backup.finish()
        self._whole = True

    def close(self) -> None:
        """Give the copy its name once it is whole and on disk; without `complete`, leave nothing behind."""
        if not self._whole:
            self._discard()
            return
        pragma(self._copy, "journal_mode", "delete")
        with self._copy:
            epoch = cast("int", meta(self._copy, "epoch"))
            set_meta(self._copy, identity=new_identity(), clean=0, epoch=epoch + 1)
        self._copy.close()
        self._partial.replace(self._target)
        sync_directory(self._target.parent)

    def _discard(self) -> None:
        self._backup.close()
        self._copy.close()
        self._partial.unlink(missing_ok=True)


def sync_directory(directory: Path) -> None:
    """Make the names in it durable."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
