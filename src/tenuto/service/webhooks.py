"""Webhooks of a tenant: added, changed, removed, tried; what was sent to them, and sending it again.

A webhook carries what happens out of the house, so who adds one must be allowed to see what it tells. What it is sent is
kept by `subscriptions`, sent by `sending`, judged by `courier`.
"""

import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tenuto.core.flow.names import wrong_flow_name
from tenuto.ports.bus import Envelope
from tenuto.ports.records import Json, Page
from tenuto.ports.sealed import OF_THE_HOUSE, SealedEntry
from tenuto.ports.store import Transaction
from tenuto.ports.webhooks import Status, Webhook, WebhookDelivery
from tenuto.sdk.errors import NodeError
from tenuto.sdk.http import HttpClient
from tenuto.service.audit import audit
from tenuto.service.courier import PREVIOUS, TIMEOUT, Courier
from tenuto.service.envelopes import OURS, TYPES
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused, did_you_mean
from tenuto.service.runs import moment
from tenuto.service.signatures import new_secret
from tenuto.service.starting import check_labels
from tenuto.service.subscriptions import delivery_of, payload_of
from tenuto.service.vault import Vault

MOST: Final = 100  # webhooks of a tenant
MOST_TYPES: Final = 50
LONGEST_URL: Final = 2_000
LONGEST_TEXT: Final = 300
OVERLAP: Final = 86_400.0  # seconds that the secret before signs, too, where nobody says how long
LONGEST_OVERLAP: Final = 7 * 86_400.0
TRIAL: Final = "webhook.test"
_TYPE: Final = re.compile(r"\*|[A-Za-z0-9_:/-]+(\.[A-Za-z0-9_:/-]+)*(\.\*)?", re.ASCII)
# Who is told what happens there must be allowed to look there.
_NEEDS: Final = {"run.": "runs:read", "flow.": "flows:read"}


@dataclass(slots=True, frozen=True, kw_only=True)
class Wish:
    """What a webhook is to be. `types`: of events, or `run.*`, or `*`."""

    url: str
    types: Sequence[str]
    description: str = ""
    flow: str | None = None
    stage: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    active: bool = True


@dataclass(slots=True)
class Desk:
    """What adding and changing work with. `http` says which addresses may never be asked."""

    vault: Vault
    http: HttpClient
    changed: Callable[[], None] | None = None  # called when it is committed


def desk_of(courier: Courier) -> Desk:
    """Of a server: what was changed holds at once."""

    def changed() -> None:
        courier.subscriptions.forget()
        courier.subscriptions.due.set()
        courier.told()  # whoever relays looks anew what is wanted

    return Desk(courier.vault, courier.http, changed)


async def create(desk: Desk, tx: Transaction, who: Principal, wish: Wish, *, at: float) -> tuple[Webhook, str]:
    """The webhook, and its secret, which is shown this once."""
    _check(desk, who, wish)
    if len((await tx.webhooks.list(who.tenant, limit=MOST)).items) >= MOST:
        raise Refused("conflict", f"a tenant has {MOST} webhooks at most", "remove one that is not needed any more")
    made = Webhook(
        tenant=who.tenant,
        id=f"wh_{secrets.token_hex(8)}",
        by=who.by,
        created_at=at,
        updated_at=at,
        **_fields(wish),
    )
    await tx.webhooks.put(made)
    secret = await _seal(desk.vault, tx, made.id, who, at)
    await audit(tx, who, "webhooks.create", made.id, {"url": made.url, "types": made.types}, at=at)
    _after(desk, tx)
    return made, secret


async def get(tx: Transaction, who: Principal, webhook: str) -> Webhook:
    found = await tx.webhooks.get(who.tenant, webhook)
    if found is None:
        raise Refused("not_found", f"there is no webhook `{webhook[:80]}`", "`GET /v1/webhooks` lists them")
    return found


async def listing(tx: Transaction, who: Principal, *, limit: int = 50, cursor: str | None = None) -> Page[Webhook]:
    return await tx.webhooks.list(who.tenant, limit=limit, cursor=cursor)


async def change(
    desk: Desk, tx: Transaction, who: Principal, webhook: str, said: Mapping[str, Any], *, at: float
) -> Webhook:
    """What is said of it; the rest stays. Switched on again, it begins anew."""
    before = await get(tx, who, webhook)
    wish = replace(_wish(before), **said)
    _check(desk, who, wish)
    after = replace(before, **_fields(wish), updated_at=at)
    if "active" in said:
        after = replace(after, disabled=None, failing_since=None, held_until=None)
    await tx.webhooks.put(after)
    await audit(tx, who, "webhooks.change", webhook, {"fields": sorted(said), "url": after.url}, at=at)
    _after(desk, tx)
    return after


async def delete(desk: Desk, tx: Transaction, who: Principal, webhook: str, *, at: float) -> None:
    """With what was to be sent to it."""
    found = await get(tx, who, webhook)
    await tx.webhooks.delete(who.tenant, webhook)
    for name in (webhook, webhook + PREVIOUS):
        await tx.sealed.delete(who.tenant, OF_THE_HOUSE, name)
    await audit(tx, who, "webhooks.delete", webhook, {"url": found.url}, at=at)
    tx.after_commit(desk.vault.forget)
    _after(desk, tx)


async def rotate(
    desk: Desk, tx: Transaction, who: Principal, webhook: str, *, overlap: float = OVERLAP, at: float
) -> tuple[Webhook, str]:
    """Another secret, shown this once. The one before signs beside it for so many seconds."""
    found = await get(tx, who, webhook)
    if not 0 <= overlap <= LONGEST_OVERLAP:
        raise Refused("invalid", f"`overlap` is 0 to {LONGEST_OVERLAP:.0f} seconds")
    old = await tx.sealed.get(who.tenant, OF_THE_HOUSE, webhook)
    if old is not None and overlap:
        try:
            value = desk.vault.opened(old)
        except KeyError:  # the master key that sealed it is gone: it signs nothing any more
            overlap = 0
        else:
            await desk.vault.put(tx, _entry(webhook + PREVIOUS, who, at), value)
    secret = await _seal(desk.vault, tx, webhook, who, at)
    after = replace(found, previous_until=at + overlap if overlap else None, updated_at=at)
    await tx.webhooks.put(after)
    await audit(tx, who, "webhooks.rotate", webhook, {"overlap": int(overlap)}, at=at)
    _after(desk, tx)
    return after, secret


async def deliveries(
    tx: Transaction,
    who: Principal,
    webhook: str,
    *,
    status: Status | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[WebhookDelivery]:
    """The newest first; those that are `dead` were given up."""
    await get(tx, who, webhook)
    return await tx.webhook_deliveries.list(who.tenant, webhook, status=status, limit=limit, cursor=cursor)


async def redeliver(
    desk: Desk, tx: Transaction, who: Principal, webhook: str, delivery: str, *, at: float
) -> WebhookDelivery:
    """Once more from the beginning, under the same `webhook-id`."""
    found = await get(tx, who, webhook)
    sent = await tx.webhook_deliveries.get(who.tenant, webhook, delivery)
    if sent is None:
        hint = f"`GET /v1/webhooks/{webhook}/deliveries` lists them"
        raise Refused("not_found", f"there is no delivery `{delivery[:80]}` to this webhook", hint)
    if not found.active:
        raise Refused("conflict", "the webhook is switched off", 'switch it on first: PATCH it with {"active": true}')
    again = replace(sent, status="pending", attempts=0, queued_at=at, next_due=at, changed_at=at)
    await tx.webhook_deliveries.put(again)
    await audit(tx, who, "webhooks.redeliver", webhook, {"delivery": delivery, "event": sent.event}, at=at)
    _after(desk, tx)
    return again


async def attempt(courier: Courier, who: Principal, webhook: str) -> WebhookDelivery:
    """Send it an event `webhook.test` now, once, and say what came of it. It may be switched off."""
    now = courier.clock()
    async with courier.store.write() as tx:
        found = await get(tx, who, webhook)
        payload: dict[str, Json] = {"webhook": found.id, "message": "a test, sent by hand"}
        event = Envelope(secrets.token_hex(16), TRIAL, now, who.tenant, who.by, payload)
        due = now + 4 * TIMEOUT  # not the worker's, unless this process dies now
        made = replace(delivery_of(found, event, payload_of(event), at=now), next_due=due)
        await tx.webhook_deliveries.add(made)
        await audit(tx, who, "webhooks.test", webhook, {"url": found.url}, at=now)
    return await courier.deliver(found, made, once=True)


def webhook_json(webhook: Webhook) -> dict[str, Json]:
    """As the API and `--json` show it."""
    return {
        "id": webhook.id,
        "url": webhook.url,
        "types": [*webhook.types],
        "description": webhook.description,
        "flow": webhook.flow,
        "stage": webhook.stage,
        "labels": dict(webhook.labels),
        "active": webhook.active,
        "disabled": webhook.disabled,
        "failing_since": moment(webhook.failing_since),
        "previous_secret_until": moment(webhook.previous_until),
        "created_at": moment(webhook.created_at),
        "updated_at": moment(webhook.updated_at),
        "by": webhook.by,
    }


def delivery_json(delivery: WebhookDelivery) -> dict[str, Json]:
    return {
        "id": delivery.id,
        "event": delivery.event,
        "type": delivery.type,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "queued_at": moment(delivery.queued_at),
        "changed_at": moment(delivery.changed_at),
        "next_attempt_at": moment(delivery.next_due),
        "status_code": delivery.status_code,
        "response": delivery.response,
        "error": delivery.error,
        "ms": delivery.ms,
    }


def _check(desk: Desk, who: Principal, wish: Wish) -> None:
    _check_url(desk.http, wish.url)
    _check_types(wish.types)
    for begins, permission in _NEEDS.items():
        if any(kind == "*" or kind.startswith(begins) for kind in wish.types):
            who.needs(permission)
    if wish.flow is not None and wrong_flow_name(wish.flow):
        raise Refused("invalid", f"`{wish.flow[:80]}` is no name of a flow", "such as `research`")
    if len(wish.description) > LONGEST_TEXT or len(wish.stage or "") > LONGEST_TEXT:
        raise Refused("invalid", f"a description and a stage are {LONGEST_TEXT} characters at most")
    check_labels(wish.labels)


def _check_url(http: HttpClient, url: str) -> None:
    if len(url) > LONGEST_URL:
        raise Refused("invalid", f"the URL is longer than {LONGEST_URL:,} characters")
    try:
        http.check(url)
    except NodeError as error:
        hint = "a public address; networks of your own are named in TENUTO_HTTP_ALLOW"
        raise Refused("invalid", error.message, hint) from None


def _check_types(types: Collection[str]) -> None:
    if not 1 <= len(types) <= MOST_TYPES:
        raise Refused("invalid", f"a webhook names 1 to {MOST_TYPES} types of events", "`*` is all of them")
    for kind in types:
        if len(kind) > 200 or not _TYPE.fullmatch(kind):
            raise Refused(
                "invalid", f"`{kind[:80]}` is no type of events", "such as run.failed, run.*, order.created, *"
            )
        if kind.startswith(OURS) and kind not in TYPES and not kind.endswith(".*"):
            raise Refused(
                "invalid", f"nothing tells `{kind[:80]}`", did_you_mean(kind, TYPES) or f"one of {', '.join(TYPES)}"
            )


def _fields(wish: Wish) -> dict[str, Any]:
    return {
        "url": wish.url,
        "types": tuple(dict.fromkeys(wish.types)),
        "description": wish.description,
        "flow": wish.flow,
        "stage": wish.stage,
        "labels": dict(wish.labels),
        "active": wish.active,
    }


def _wish(webhook: Webhook) -> Wish:
    names = ("url", "types", "description", "flow", "stage", "labels", "active")
    return Wish(**{name: getattr(webhook, name) for name in names})


async def _seal(vault: Vault, tx: Transaction, name: str, who: Principal, at: float) -> str:
    secret = new_secret()
    await vault.put(tx, _entry(name, who, at), secret)
    return secret


def _entry(name: str, who: Principal, at: float) -> SealedEntry:
    return SealedEntry(who.tenant, OF_THE_HOUSE, name, 0, who.by, at)


def _after(desk: Desk, tx: Transaction) -> None:
    if desk.changed is not None:
        tx.after_commit(desk.changed)
