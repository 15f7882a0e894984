"""Where a node raised: the place in its author's code, for the people who have to find it.

The journal keeps the type and the message; the place goes to the run's log, with the whole traceback, because it is of
this machine and of this version of the code.
"""

import traceback
from pathlib import Path

import tenuto

_OURS = str(Path(tenuto.__file__).parent)
_MOST_FRAMES = 10


def place_of(error: BaseException, where: str) -> str:
    """`nodes/pay.py:12 in charge`; nothing if no line of it is known. `where`: of the node, `nodes/pay.py:8`.

    The innermost line in the node's own folder, since that is where its author can do something; else of whatever it
    called that is not ours.
    """
    home = Path(where.rpartition(":")[0]).absolute().parent
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).parent == home]
    others = [frame for frame in frames if not frame.filename.startswith(_OURS)]
    for frame in reversed(own or others):
        return f"{_short(frame.filename)}:{frame.lineno} in {frame.name}"
    return ""


def lines_of(error: BaseException) -> str:
    """The frames of its traceback without ours, outermost first."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith(_OURS)]
    shown = [f"{_short(frame.filename)}:{frame.lineno} in {frame.name}: {frame.line}" for frame in frames]
    return "\n".join(shown[-_MOST_FRAMES:])


def _short(file: str) -> str:
    path = Path(file)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file
