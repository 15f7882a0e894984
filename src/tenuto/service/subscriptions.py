"""Which webhooks want an event; and what they are to be sent of it, kept before the event is crossed off.

The table of all active webhooks is in memory. A write of this process is seen at once, one of another within a second.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from tenuto.core.values import canonical
from tenuto.ports.bus import Envelope
from tenuto.ports.records import Json, Missing
from tenuto.ports.store import Store
from tenuto.ports.webhooks import Webhook, WebhookDelivery
from tenuto.service.envelopes import LARGEST, RUN_TYPES, envelope_json

FRESH: Final = 1.0  # seconds that the table holds, as far as other processes are concerned
_LARGE: Final = ("output", "error", "ask")  # what of a run's event may be of any size

Waiting = tuple[Sequence[WebhookDelivery], "asyncio.Future[None]"]


@dataclass(slots=True)
class Subscriptions:
    """`now`: seconds since the epoch. `clock`: monotonic. `due`: set when there is something to be sent."""

    store: Store
    now: Callable[[], float]
    clock: Callable[[], float] = time.monotonic
    due: asyncio.Event = field(default_factory=asyncio.Event)
    _table: Mapping[str, Sequence[Webhook]] = field(default_factory=dict[str, Sequence[Webhook]])  # by tenant
    _until: float = -1.0
    _round: int = 0
    _waiting: list[Waiting] = field(default_factory=list[Waiting])
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def awaited(self) -> frozenset[tuple[str, str]]:
        """The types of events of runs that some webhook wants, each with its tenant."""
        await self._be_fresh()
        return frozenset(
            (tenant, kind)
            for tenant, webhooks in self._table.items()
            for kind in RUN_TYPES
            if any(covers(webhook.types, kind) for webhook in webhooks)
        )

    async def take(self, envelope: Envelope) -> None:
        """Durable for every webhook that wants it when this returns; harmless twice."""
        await self._be_fresh()
        now = self.now()
        wanting = [each for each in self._table.get(envelope.tenant, ()) if wants(each, envelope, now)]
        if wanting:
            payload = payload_of(envelope)
            await self._keep([delivery_of(each, envelope, payload, at=now) for each in wanting])

    def forget(self) -> None:
        """Look again before the next answer."""
        self._round += 1
        self._until = -1.0

    # --- inside

    async def _keep(self, new: Sequence[WebhookDelivery]) -> None:
        """Whoever has its turn writes for all that wait: many events share a commit."""
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((new, kept))
        async with self._turn:
            if not kept.done():
                await self._write()
        await kept

    async def _write(self) -> None:
        batch, self._waiting = self._waiting, []
        try:
            async with self.store.write() as tx:
                for delivery in (each for new, _ in batch for each in new):
                    await tx.webhook_deliveries.add(delivery)
                tx.after_commit(self.due.set)
        except BaseException as error:
            if isinstance(error, Missing):  # another process has deleted a webhook
                self.forget()
            _settle(batch, error if isinstance(error, Exception) else ConnectionError("the server stops"))
            if not isinstance(error, Exception):
                raise
        else:
            _settle(batch, None)

    async def _be_fresh(self) -> None:
        if self.clock() < self._until:
            return
        begun, asked = self._round, self.clock()
        async with self.store.read() as tx:
            found = await tx.webhooks.everywhere()
        table: dict[str, list[Webhook]] = {}
        for webhook in found:
            table.setdefault(webhook.tenant, []).append(webhook)
        self._table = table
        if begun == self._round:  # what was read before a change is not remembered after it
            self._until = asked + FRESH


def covers(types: Iterable[str], kind: str) -> bool:
    """Whether the type of an event is among these: `*` is all of them, `run.*` all that begin so."""
    return any(each in (kind, "*") or (each.endswith(".*") and kind.startswith(each[:-1])) for each in types)


def wants(webhook: Webhook, envelope: Envelope, now: float) -> bool:
    """What happened before it was made is no business of a webhook. One that seems to be made later than now was made
    before the clock was put back."""
    old = envelope.at < webhook.created_at <= now
    if old or not covers(webhook.types, envelope.type):
        return False
    said = _object(envelope.payload)
    asked = {"flow": webhook.flow, "stage": webhook.stage}
    if any(value is not None and said.get(name) != value for name, value in asked.items()):
        return False
    has = _object(said.get("labels"))
    return all(has.get(name) == value for name, value in webhook.labels.items())


def message_id(tenant: str, event: str) -> str:
    """What receivers know the event by: the same on every attempt, and after a backup was put back."""
    return "msg_" + hashlib.sha256(f"{tenant}\0{event}".encode()).hexdigest()[:32]


def delivery_of(webhook: Webhook, envelope: Envelope, payload: Json, *, at: float) -> WebhookDelivery:
    return WebhookDelivery(
        tenant=webhook.tenant,
        webhook=webhook.id,
        id=message_id(webhook.tenant, envelope.id),
        event=envelope.id,
        type=envelope.type,
        payload=payload,
        queued_at=at,
        next_due=at,
        changed_at=at,
    )


def payload_of(envelope: Envelope) -> Json:
    """The envelope as it is sent. What a run says at such length that no receiver would take it is left out, and that is said."""
    said, payload = envelope_json(envelope), _object(envelope.payload)
    if len(canonical(payload)) <= LARGEST:
        return said
    short = {name: None if name in _LARGE else value for name, value in payload.items()}
    return {**said, "payload": {**short, "truncated": True}}


def _object(value: Json) -> Mapping[str, Json]:
    return cast("dict[str, Json]", value) if isinstance(value, dict) else {}


def _settle(batch: Iterable[Waiting], error: Exception | None) -> None:
    for _, kept in batch:
        if kept.done():
            continue
        if error is None:
            kept.set_result(None)
        else:
            kept.set_exception(error)
            kept.exception()  # whoever was cancelled meanwhile asks no more
