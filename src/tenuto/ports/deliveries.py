"""Deliveries: which messages from outside were seen, so that one that is sent again starts nothing again."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Delivery:
    """`source`: whose ids they are. `run`: what came of it."""

    tenant: str
    source: str
    id: str
    at: float
    run: str | None = None


class Deliveries(Protocol):
    async def record(self, delivery: Delivery, *, since: float) -> Delivery | None:
        """None: it is new. Otherwise what was recorded before, not longer ago than `since`. Exclusive as a claim is."""
        ...

    async def forget(self, tenant: str, source: str, id: str) -> bool:  # noqa: A002  the word for it in every layer
        """Nothing came of it: the sender may try again."""
        ...
