"""Keys of the server, each in its own file of the data directory: made once, however many start at once, and for its owner alone.

There is no key to begin with, so none that everybody knows; one that somebody wrote by hand must be worth the name.
"""

import contextlib
import os
import secrets
from pathlib import Path
from typing import Final

from tenuto.service.refusals import Refused

BYTES: Final = 32
_DISTINCT: Final = 12  # of random bytes far more differ; of a word or a row of zeros, fewer


def key_of(file: Path) -> bytes:
    """The key in the file, made now if there is none."""
    made_once(file, secrets.token_bytes(BYTES))
    key = file.read_bytes()
    check_worth(file, key)
    return key


def made_once(file: Path, content: bytes) -> bool:
    """Whether this call made the file. Of many at once one does, and what the others then read is whole."""
    if file.exists():
        _close(file)
        return False
    mine = _written(file, content)
    try:
        os.link(mine, file)  # fails where the file is there, and appears with all its content where it is not
    except FileExistsError:
        return False
    finally:
        mine.unlink()
    to_disk(file.parent)
    return True


def replaced(file: Path, content: bytes) -> None:
    """Other content for the file, all of it or nothing, durable when this returns."""
    mine = _written(file, content)
    mine.replace(file)
    to_disk(file.parent)


def check_worth(file: Path, key: bytes) -> None:
    """Refuse what can be guessed."""
    if len(key) < BYTES or len(set(key)) < _DISTINCT:
        raise Refused(
            "insecure",
            f"{file} holds no key worth the name",
            f"it takes {BYTES} random bytes; move it away, and a new one is made at the next start",
        )


def _written(file: Path, content: bytes) -> Path:
    """A file beside it, of a name of its own."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    mine = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    except OSError:
        mine.unlink()
        raise
    return mine


def _close(file: Path) -> None:
    """Nobody else may read it. Some file systems know no owners: there it is as it is."""
    if file.stat().st_mode & 0o077:
        with contextlib.suppress(OSError):
            file.chmod(0o600)


def to_disk(path: Path) -> None:
    """What a file holds, or what was put into a folder, survives a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
