"""Who wants to speak in a session of an agent, in a line: one message at a time, in the order in which they came."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Place:
    """Of the node at `path` of a run. `since`: when that run was accepted; the line is in this order. `turn`: it speaks now."""

    tenant: str
    session: str
    run: str
    path: str
    since: float = field(default=0.0, compare=False)
    turn: bool = field(default=False, compare=False)


class SessionLines(Protocol):
    async def join(self, place: Place) -> Place:
        """Take a place, unless it has one; the place whose turn it is, which nobody who comes takes from it.

        `Missing` if there is no such tenant.
        """
        ...

    async def leave(self, place: Place) -> Place | None:
        """Give a place up. If it was its turn: the place whose turn it is now, if somebody else waits."""
        ...

    async def places(self) -> list[Place]:
        """All of them, in all sessions of all tenants."""
        ...
