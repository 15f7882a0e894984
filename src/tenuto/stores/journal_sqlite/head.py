"""`journal.head`: how many commits the journal had, kept outside of it. It notices a journal that is suddenly shorter.

SQLite reads its log (`journal.db-wal`) up to the first damaged frame and silently forgets the rest. So each commit counts
itself inside the database, and after it is durable the same number is put down here. On opening, the database may be
ahead of its head (that write is not synced), never behind.

While the log is being folded into the database (a checkpoint) the database alone is a mixture of old and new pages, which
only the log makes whole. `folding` says so, with the length that the log must have then; when all is folded in, `pages`
says how long the database is. These notes are synced, so whatever a power failure leaves here was true, and is no false
alarm.
"""

import os
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tenuto.ports.journal import Damaged

_FORM: Final = struct.Struct("<8s8sQII")  # magic, identity, commits, folding, pages; a crc of these follows
_SIZE: Final = _FORM.size + 4
RESTORE: Final = "Put the right files back, or restore a backup into an empty directory."
_MAGIC: Final = b"tenuto-1"


@dataclass(slots=True, frozen=True)
class Mark:
    identity: bytes
    commits: int
    folding: int  # pages of the log that the database is not whole without
    pages: int  # of the database, when all of a log was folded in last


class Head:
    """The open file. A note costs one small write in place; it cannot fail for want of space."""

    def __init__(self, path: Path, identity: bytes) -> None:
        self._identity = identity
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def note(self, commits: int, folding: int, pages: int) -> None:
        os.pwrite(self._fd, _packed(Mark(self._identity, commits, folding, pages)), 0)

    def sync(self) -> None:
        os.fsync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def mark_in(path: Path) -> Mark | None:
    """What the head says; None where there is none, or none that can be read (a power failure can leave that)."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    if len(content) != _SIZE or content != _packed(mark := Mark(*_FORM.unpack(content[:-4])[1:])):
        return None
    return mark


@dataclass(slots=True, frozen=True)
class Extent:
    """What was found on opening. `frames`: what SQLite could read of the log; `pages`: how long the file is."""

    identity: bytes
    commits: int
    frames: int
    pages: int


def check(mark: Mark | None, found: Extent, path: Path) -> None:
    """Refuse a journal that is shorter than it was."""
    if mark is None or mark.identity != found.identity:
        return
    if found.commits < mark.commits:
        what = f"{path} ends at commit {found.commits}, and {mark.commits} were acknowledged"
    elif found.frames < mark.folding:
        what = f"The log of {path} (-wal) has {found.frames} whole pages, and {mark.folding} were written"
    elif found.pages < mark.pages:
        what = f"{path} has {found.pages} whole pages, and {mark.pages} were written"
    else:
        return
    raise Damaged(f"{what}: files are damaged, missing or of different times. {RESTORE}")


def _packed(mark: Mark) -> bytes:
    content = _FORM.pack(_MAGIC, mark.identity, mark.commits, mark.folding, mark.pages)
    return content + struct.pack("<I", zlib.crc32(content))
