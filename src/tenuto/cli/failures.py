"""What a command says when it cannot do what was asked: one or two lines on stderr, and an exit code. Never a traceback,
unless `--debug` asks for it.
"""

import contextlib
import errno
import sys
from typing import Final

from tenuto.cli.look import note, safe

SUCCEEDED: Final = 0
FAILED: Final = 1
BAD_INPUT: Final = 2
WAITING: Final = 3
INTERRUPTED: Final = 130
READER_LEFT: Final = 141  # as of a program that a closed pipe ended

# Refusals that are not about what was asked, but about how things stand.
_STATE = frozenset({"full", "storage", "unavailable", "unreachable"})

_LINE_LIMIT = 600


class Quit(Exception):
    """The command is done, with this exit code; everything there is to say has been said."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def complain(message: str, hint: str = "") -> None:
    """`error: what happened`, and what to do next."""
    note("error: " + _line(message))
    if hint:
        note("  " + _line(hint))


def exit_code(error: BaseException, *, debug: bool = False) -> int:
    """Say what happened; the exit code for it."""
    if isinstance(error, Quit):
        return error.code
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if debug:
        import traceback

        traceback.print_exception(error)
    return _said(error)


def _said(error: BaseException) -> int:
    from tenuto.ports.engine import Refused

    if isinstance(error, Refused):
        complain(str(error), error.hint)
        return FAILED if error.code in _STATE else BAD_INPUT
    if isinstance(error, BrokenPipeError):
        return reader_left()
    if _about_storage(error):
        complain(str(error))
        return FAILED
    if type(error).__name__ == "BrokenNode":
        complain(str(error))
        return BAD_INPUT
    if isinstance(error, OSError):
        complain(_of_system(error), _what_now(error))
        return FAILED
    if isinstance(error, UnicodeEncodeError) and "surrogates" in error.reason:
        complain(f"{error.object!r} is no UTF-8 text", "names of runs and of data directories must be")
        return BAD_INPUT
    complain(f"{type(error).__name__}: {error}", "this is a fault in Tenuto; `tenuto --debug …` shows where")
    return FAILED


def _about_storage(error: BaseException) -> bool:
    from tenuto.ports.journal import Conflict, Damaged, Owned, StorageFull
    from tenuto.ports.records import Unavailable

    return isinstance(error, Conflict | Damaged | Owned | StorageFull | Unavailable) or type(error).__name__ in (
        "Newer",
        "UnknownFact",
        "HostClosed",
        "MissingDriver",
    )


def _of_system(error: OSError) -> str:
    said = error.strerror or str(error)
    return f"{error.filename}: {said}" if error.filename else said


_FULL: Final = "make room, and try again: what was recorded is safe"
_NOT_OURS: Final = "run this as the user whom it belongs to, or change who may"
_NEXT: Final = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EACCES: _NOT_OURS,
    errno.EPERM: _NOT_OURS,
    errno.EROFS: "mount it for writing, or name another place (a data directory: --data)",
    errno.ENOENT: "look whether the name is right",
}


def _what_now(error: OSError) -> str:
    return _NEXT.get(error.errno or 0, "")


def reader_left() -> int:
    """`| head` has seen enough. Python would complain again when it flushes at its end."""
    import os

    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
            continue
        os.dup2(null, stream.fileno())
    return READER_LEFT


def _line(text: str) -> str:
    said = " ".join(safe(text).split())
    return said if len(said) <= _LINE_LIMIT else said[: _LINE_LIMIT - 1] + "…"
