"""A bus within one process. It keeps nothing, so publishing takes as long as the subscribers do."""

import asyncio

from tenuto.ports.bus import Envelope, Handler, Leave


class MemoryBus:
    def __init__(self) -> None:
        self._handlers: list[Handler] = []
        self._closed = False
        self._at_work: set[asyncio.Future[list[BaseException | None]]] = set()

    async def publish(self, envelope: Envelope) -> None:
        if self._closed:
            raise ConnectionError("the bus is closed; the event must be published again")
        work = asyncio.gather(*(handler(envelope) for handler in self._handlers), return_exceptions=True)
        self._at_work.add(work)
        try:
            answers = await asyncio.shield(work)
        finally:
            if work.done():
                self._at_work.discard(work)
            else:  # the publisher was cancelled; the subscribers finish
                work.add_done_callback(self._at_work.discard)
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        if failures:
            raise failures[0]

    def subscribe(self, handler: Handler) -> Leave:
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    async def close(self) -> None:
        self._closed = True
        if self._at_work:
            await asyncio.wait(self._at_work)
