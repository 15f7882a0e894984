"""What sends to webhooks: a worker of the server. One slow receiver holds up itself alone.

So many attempts at once, so many of them to one webhook. One that failed last, and one that has not proven itself yet, gets
one at a time, and all of either kind a third of the room at most: however many receivers hang, the others are served.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from tenuto.ports.webhooks import Webhook, WebhookDelivery
from tenuto.service.platform import Platform

AT_ONCE: Final = 96
# How many attempts at once: to one webhook, and to all of its standing together.
ROOM: Final[Mapping[str, tuple[int, int]]] = {"failing": (1, 32), "new": (1, 32), "proven": (4, AT_ONCE)}
QUICK: Final = 2_000  # milliseconds within which a receiver answers that proves itself
LONGEST_SLEEP: Final = 5.0
_PAUSE: Final = 1.0  # seconds after trouble of our own

_log = logging.getLogger("tenuto.webhooks")

Place = tuple[str, str]  # tenant, webhook


@dataclass(slots=True)
class _Work:
    """What is on its way to one webhook."""

    standing: str = "new"
    ids: set[str] = field(default_factory=set[str])


@dataclass(slots=True)
class Sender:
    """`_served`: in which round each was given something; who waited longest comes first. `_proven`: took its last one
    quickly."""

    platform: Platform
    _at_work: dict[Place, _Work] = field(default_factory=dict[Place, _Work])
    _served: dict[Place, int] = field(default_factory=dict[Place, int])
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _proven: set[Place] = field(default_factory=set[Place])
    _rounds: int = 0
    _soonest: float = math.inf  # when the next one that failed here is due
    _shown: float = math.inf  # by the clock, when what is put off was last known to fit it

    async def drive(self, stop: asyncio.Event) -> None:
        """Until `stop` is set. What is on its way then is tried again by the next server."""
        try:
            while not stop.is_set():
                pause = await self._in_spite_of_trouble()
                await self._sleep(stop, pause)
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _in_spite_of_trouble(self) -> float:
        try:
            return await self._round()
        except Exception as error:  # noqa: BLE001  the worker must outlive what nobody foresaw; nothing is crossed off
            _log.warning("webhooks wait: %s", error or type(error).__name__)
            return _PAUSE

    async def _round(self) -> float:
        """Begin what there is room for; seconds until there may be more."""
        platform = self.platform
        platform.subscriptions.due.clear()
        now = await self._time()
        self._soonest = math.inf if now >= self._soonest else self._soonest
        self._rounds += 1
        async with platform.store.read() as tx:
            found = await tx.webhook_queue.webhooks(now)
            for webhook in sorted(found, key=lambda each: self._served.get(_place(each), 0)):
                if room := self._room(webhook):
                    busy = self._busy(webhook)
                    due = await tx.webhook_queue.due(webhook, now, limit=room + len(busy))
                    self._begin(webhook, [each for each in due if each.id not in busy][:room])
        self._served = {place: at for place, at in self._served.items() if at > self._rounds - 1_000}
        return LONGEST_SLEEP

    async def _time(self) -> float:
        """Now. At the start, and when the clock was put back, nothing is left waiting for a time that is long gone."""
        now = self.platform.clock()
        if now < self._shown:
            async with self.platform.store.write() as tx:
                await tx.webhook_queue.bring_forward(now)
        self._shown = now
        return now

    def _room(self, webhook: Webhook) -> int:
        standing = self._standing(webhook)
        to_one, to_all = ROOM[standing]
        alike = sum(len(work.ids) for work in self._at_work.values() if work.standing == standing)
        return max(0, min(to_one - len(self._busy(webhook)), to_all - alike, AT_ONCE - len(self._tasks)))

    def _standing(self, webhook: Webhook) -> str:
        if webhook.failing_since is not None:
            return "failing"
        return "proven" if _place(webhook) in self._proven else "new"

    def _busy(self, webhook: Webhook) -> set[str]:
        work = self._at_work.get(_place(webhook))
        return work.ids if work else set()

    def _begin(self, webhook: Webhook, deliveries: list[WebhookDelivery]) -> None:
        if not deliveries:
            return
        self._served[_place(webhook)] = self._rounds
        work = self._at_work.setdefault(_place(webhook), _Work())
        work.standing = self._standing(webhook)
        for delivery in deliveries:
            work.ids.add(delivery.id)
            task = asyncio.get_running_loop().create_task(self._send(webhook, delivery))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _send(self, webhook: Webhook, delivery: WebhookDelivery) -> None:
        try:
            after = await self.platform.courier.deliver(webhook, delivery)
        except Exception as error:  # noqa: BLE001  as above: it is still due
            _log.warning("webhook %s of %s waits: %s", webhook.id, webhook.tenant, error or type(error).__name__)
            await asyncio.sleep(_PAUSE)
        else:
            self._learn(_place(webhook), after)
        finally:
            self._end(_place(webhook), delivery.id)

    def _learn(self, place: Place, after: WebhookDelivery) -> None:
        if after.status == "delivered" and (after.ms or 0) <= QUICK:
            self._proven.add(place)
        else:
            self._proven.discard(place)
        if after.next_due is not None:
            self._soonest = min(self._soonest, after.next_due)

    def _end(self, place: Place, delivery: str) -> None:
        work = self._at_work[place]
        work.ids.discard(delivery)
        if not work.ids:
            del self._at_work[place]
        self.platform.subscriptions.due.set()  # there is room again

    async def _sleep(self, stop: asyncio.Event, pause: float) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self.platform.subscriptions.due)]
        soonest = max(0.0, self._soonest - self.platform.clock())
        await asyncio.wait(waits, timeout=min(pause, soonest), return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


async def drive(platform: Platform, stop: asyncio.Event) -> None:
    """Until `stop` is set: send what is due."""
    await Sender(platform).drive(stop)


def _place(webhook: Webhook) -> Place:
    return webhook.tenant, webhook.id
