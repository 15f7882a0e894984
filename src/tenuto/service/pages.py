"""Pages of runs: where one ended, as the text that whoever asks for the next one hands back.

It says a place in the order of lists, not a run: deleting what was listed loses nobody their place.
"""

from collections.abc import Sequence
from math import isfinite
from typing import Final

from tenuto.ports.journal import Age, RunEntry
from tenuto.service.refusals import Refused

_BETWEEN: Final = "~"


def split(found: Sequence[RunEntry], limit: int) -> tuple[Sequence[RunEntry], str | None]:
    """A page, and the cursor of the one after, of runs that were asked for with one more than the limit."""
    return found[:limit], cursor_of(found[limit - 1]) if len(found) > limit else None


def cursor_of(last: RunEntry) -> str:
    created_at, run = last.age
    return f"{created_at!r}{_BETWEEN}{run}"


def age_of(cursor: str | None) -> Age | None:
    """Older than this is what comes after."""
    if cursor is None:
        return None
    created_at, between, run = cursor.partition(_BETWEEN)
    try:
        age = float(created_at), run
    except ValueError:
        raise _refused() from None
    if not between or not isfinite(age[0]):
        raise _refused()
    return age


def _refused() -> Refused:
    return Refused("malformed", "this `cursor` was not given by a page of this list", "begin again without it")
