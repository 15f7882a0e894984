"""The bus: events on their way from who publishes to who subscribes. At least once: a receiver knows an event by its id.

What a bus promises (`tenuto.testing.bus_conformance` holds every one to it):
- When `publish` returns, the bus answers for the event: it keeps it, or every subscriber has taken it. If it raises, the
  event must be published again; a subscriber may then see it twice.
- A subscriber that raises gets the event again, and keeps no other from getting it.
- Every subscriber is given every event, of all tenants; it is the subscriber who looks at the tenant.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

Json = object


@dataclass(slots=True, frozen=True)
class Envelope:
    """One event. `id` is the same however often it is told; `at`: when it happened, seconds since the epoch, UTC.

    `correlation`: what it belongs to, such as a run. `actor`: who made it happen. `hops`: how many runs led to it.
    """

    id: str
    type: str
    at: float
    tenant: str
    actor: str
    payload: Json = None
    correlation: str | None = None
    hops: int = 0


Handler = Callable[[Envelope], Awaitable[None]]
Leave = Callable[[], None]


class Bus(Protocol):
    async def publish(self, envelope: Envelope) -> None: ...

    def subscribe(self, handler: Handler) -> Leave:
        """From now on; calling the answer ends it."""
        ...

    async def close(self) -> None:
        """Nothing is published any more; handlers that are at work have finished."""
        ...
