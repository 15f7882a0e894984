"""One attempt to deliver an event to a webhook, and what follows from its answer.

Signed as Standard Webhooks has it, with the secret before, too, while that still counts. The address is looked up and
checked at every attempt, and connected to as it was checked; redirects are not followed. 2xx: taken. 410: the receiver wants
nothing more, so the webhook is switched off. Anything else is tried again, after growing pauses with some chance in them, or
when `Retry-After` says, for three days; a webhook that took nothing for so long is switched off.
"""

import json
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, cast

from tenuto import __version__
from tenuto.ports.records import Json
from tenuto.ports.sealed import OF_THE_HOUSE
from tenuto.ports.store import Store, Transaction
from tenuto.ports.webhooks import Webhook, WebhookDelivery
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http import HttpClient, Response
from tenuto.service.audit import audit
from tenuto.service.envelopes import notice
from tenuto.service.principal import server
from tenuto.service.signatures import sign
from tenuto.service.subscriptions import Subscriptions
from tenuto.service.vault import Vault

TIMEOUT: Final = 15.0  # seconds for all of an attempt
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 6 * 3_600.0
JITTER: Final = 0.2
GIVEN_UP: Final = 3 * 86_400.0  # seconds
SHOWN: Final = 1_024  # bytes of an answer that are kept
PREVIOUS: Final = ".previous"  # behind the id of a webhook: the secret that signed before
_GONE: Final = 410

_log = logging.getLogger("tenuto.webhooks")


@dataclass(slots=True, frozen=True)
class Answer:
    """What came of an attempt. `status` None: no answer. `retry_after`: seconds that the receiver asks for."""

    status: int | None
    response: str | None
    error: str | None
    ms: int
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        return self.error is None


@dataclass(slots=True)
class Courier:
    """`http` cuts long answers. `clock`: seconds since the epoch. `told`: called when the outbox has something new."""

    store: Store
    vault: Vault
    subscriptions: Subscriptions
    http: HttpClient
    clock: Callable[[], float]
    told: Callable[[], None]
    chance: Callable[[], float] = random.random

    async def deliver(self, webhook: Webhook, delivery: WebhookDelivery, *, once: bool = False) -> WebhookDelivery:
        """The delivery after one more attempt, recorded. `once`: a trial, which is not repeated and says nothing of the
        webhook. Raises what will pass, and then nothing was recorded."""
        answer = await self._ask(webhook, delivery)
        async with self.store.write() as tx:
            now = self.clock()
            known = await tx.webhooks.get(webhook.tenant, webhook.id)
            current = await tx.webhook_deliveries.get(webhook.tenant, webhook.id, delivery.id)
            if known is None or current is None:
                return delivery  # deleted meanwhile
            after = self._after(current, answer, now, once=once)
            await tx.webhook_deliveries.put(after)
            if not once:
                await self._judge(tx, known, answer, now)
        return after

    async def _ask(self, webhook: Webhook, delivery: WebhookDelivery) -> Answer:
        at, begun = self.clock(), time.perf_counter()
        body = json.dumps(delivery.payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        try:
            signed = sign(await self._secrets(webhook, at), delivery.id, at, body)
        except KeyError:  # the master key is gone, or was lost with the disk
            return Answer(None, None, "its secret cannot be opened: rotate it", 0)
        headers = {**signed, "Content-Type": "application/json", "User-Agent": f"tenuto/{__version__}"}
        hops = cast("dict[str, Json]", delivery.payload).get("hops")
        asker = self.http.view(hops=(hops if isinstance(hops, int) else 0) - 1)  # the event says it already
        try:
            response = await asker.post(webhook.url, headers=headers, content=body, timeout=TIMEOUT, redirects=0)
        except NodeError as error:
            return Answer(None, None, error.message[:SHOWN], _ms(begun))
        return _judged(response, _ms(begun))

    async def _secrets(self, webhook: Webhook, at: float) -> list[str]:
        """The one that holds, and the one before as long as it counts."""
        names = [webhook.id]
        if webhook.previous_until is not None and at < webhook.previous_until:
            names.append(webhook.id + PREVIOUS)
        return [await self.vault.get(name, tenant=webhook.tenant, stage=OF_THE_HOUSE) for name in names]

    def _after(self, delivery: WebhookDelivery, answer: Answer, now: float, *, once: bool) -> WebhookDelivery:
        tried = replace(
            delivery,
            attempts=delivery.attempts + 1,
            changed_at=now,
            status_code=answer.status,
            response=answer.response,
            error=answer.error,
            ms=answer.ms,
        )
        if answer.taken:
            return replace(tried, status="delivered", next_due=None)
        last = delivery.queued_at + GIVEN_UP
        if once or now >= last:
            return replace(tried, status="dead", next_due=None)
        return replace(tried, next_due=min(now + self._pause(tried.attempts, answer), last))

    def _pause(self, attempts: int, answer: Answer) -> float:
        pause = min(FIRST_PAUSE * 3 ** min(attempts - 1, 20), LONGEST_PAUSE)
        return max(pause * (1 + JITTER * (2 * self.chance() - 1)), answer.retry_after or 0.0)

    async def _judge(self, tx: Transaction, webhook: Webhook, answer: Answer, now: float) -> None:
        """What an attempt says of the webhook itself. Nothing is written where nothing changed."""
        since = None if answer.taken else webhook.failing_since or now
        held = None if answer.taken or answer.retry_after is None else now + answer.retry_after
        after = replace(webhook, failing_since=since, held_until=held)
        if after != webhook:
            await tx.webhooks.put(after)
        if webhook.active and answer.status == _GONE:
            await self._switch_off(tx, after, "its receiver answered 410: it wants nothing more", now)
        elif webhook.active and since is not None and now - since >= GIVEN_UP:
            await self._switch_off(tx, after, "it took nothing for three days", now)

    async def _switch_off(self, tx: Transaction, webhook: Webhook, why: str, now: float) -> None:
        """Audited, and told to whoever else listens."""
        await tx.webhooks.put(replace(webhook, active=False, disabled=why, updated_at=now))
        dead = await tx.webhook_queue.give_up(webhook, f"the webhook was switched off: {why}", at=now)
        details = {"why": why, "url": webhook.url, "given_up": dead}
        await audit(tx, server(webhook.tenant), "webhooks.disable", webhook.id, details, at=now)
        await tx.outbox.add(notice(webhook.tenant, "webhook.disabled", {"webhook": webhook.id, **details}, at=now))
        tx.after_commit(self.subscriptions.forget)
        tx.after_commit(self.told)
        _log.warning("webhook %s of %s is switched off: %s", webhook.id, webhook.tenant, why)


def _judged(response: Response, ms: int) -> Answer:
    shown = response.content[:SHOWN].decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    if 200 <= response.status < 300:
        return Answer(response.status, shown, None, ms)
    said = f"the receiver answered {response.status}"
    if 300 <= response.status < 400:
        said += "; redirects are not followed"
    return Answer(response.status, shown, said, ms, response.retry_after)


def _ms(begun: float) -> int:
    return round((time.perf_counter() - begun) * 1_000)
