"""What the ports of the store share: pages, and what they say where something cannot be done.

Rules of all of them (`tenuto.testing.store_conformance` holds every store to them):
- Records are frozen. Moments are seconds since the epoch, UTC. JSON values come back as they were given.
- The tenant is an argument of every method and a column of every row: what belongs to another tenant is not found. A
  method that goes over all tenants says so; only workers of the server may call it, never a request.
- `Taken` and `Missing` leave the transaction unusable: let them leave its block, so that it rolls back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

Json = object
Item = TypeVar("Item")

# Seconds by which clocks may differ. What was written later than that from now was written by a clock that has been put
# back since: nothing waits until it has come again as far as it was.
AHEAD: Final = 60.0


@dataclass(slots=True, frozen=True)
class Page(Generic[Item]):
    """Some of the items of a list. `next_cursor` asks for those after them; None: there are none."""

    items: Sequence[Item]
    next_cursor: str | None = None


class Taken(Exception):
    """There is one already, and there can be only one: the sentence says which."""


class Missing(Exception):
    """It belongs to something (a tenant, a flow, a version, a stage) that does not exist."""


class BadCursor(Exception):
    """The cursor is not one that a page of this list gave."""


class Unavailable(Exception):
    """The database cannot be reached, or does not answer; nothing of the transaction was kept. Asking again later may work."""
