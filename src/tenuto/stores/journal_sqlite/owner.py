"""One owner per data directory: a lock that ends with its process, however that ends.

`owner.lock` is locked with `flock` and never removed; inside stands the pid of the last owner, for the sentence that a
second one gets.
"""

import fcntl
import os
from pathlib import Path

from tenuto.ports.journal import Owned


class Owner:
    """Held from construction until `release`, or until the process dies. `Owned` if somebody else holds it."""

    def __init__(self, directory: Path) -> None:
        self._fd = os.open(directory / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _pid_in(self._fd)
            os.close(self._fd)
            raise Owned(_sentence(directory, pid), pid) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        os.close(self._fd)


def owner_of(directory: Path) -> int | None:
    """The pid of the process that owns the directory now, or None."""
    try:
        fd = os.open(directory / "owner.lock", os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_in(fd)
    finally:
        os.close(fd)
    return None


def _pid_in(fd: int) -> int | None:
    text = os.pread(fd, 32, 0).strip()
    return int(text) if text.isdigit() else None


def _sentence(directory: Path, pid: int | None) -> str:
    who = f"process {pid}" if pid else "another process"
    return f"{directory} is in use by {who}. Stop that one first, or name another data directory (--data)."
