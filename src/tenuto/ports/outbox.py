"""The outbox: what must be told to others, kept in the same transaction as its cause, sent until it is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Json, Page


@dataclass(slots=True, frozen=True)
class Message:
    """`id` is the same on every attempt: receivers know it again. `dead`: given up, kept to be looked at."""

    id: str
    tenant: str
    topic: str
    payload: Json
    at: float
    next_due: float
    attempts: int = 0
    dead: bool = False


class Outbox(Protocol):
    async def add(self, message: Message) -> None: ...

    async def due(self, topic: str, at: float, *, limit: int = 100) -> Sequence[Message]:
        """Over all tenants: those of a topic to be sent now, the longest overdue first; with them those that were added
        more than `records.AHEAD` from now."""
        ...

    async def failed(self, message: Message, *, next_due: float, dead: bool = False) -> bool:
        """One more attempt came to nothing. False if it is gone."""
        ...

    async def done(self, tenant: str, id: str) -> bool:  # noqa: A002  the word for it in every layer
        """It was taken: forget it."""
        ...

    async def dead(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Message]:
        """Those that were given up, by id."""
        ...
