"""Webhooks: where events are sent to, and what is to be sent, was sent, or was given up.

A delivery is kept before its event is crossed off where it came from, so none is lost. Its `id` follows from the event:
it is the same on every attempt, and who keeps the same delivery again keeps nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from tenuto.ports.records import Json, Page

Status = Literal["pending", "delivered", "dead"]

LONGEST_HOLD: Final = 86_400.0  # seconds


@dataclass(slots=True, frozen=True, kw_only=True)
class Webhook:
    """`types`: of events, or `run.*` and `*`. `flow`, `stage`, `labels`: only events that are about such runs and flows.

    `disabled`: why the server itself switched it off. `failing_since`: when the first of the attempts failed that have
    failed in a row. `held_until`: the receiver asked for a pause. `previous_until`: the secret before signs, too.
    """

    tenant: str
    id: str
    url: str
    types: tuple[str, ...]
    description: str = ""
    flow: str | None = None
    stage: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    active: bool = True
    by: str
    created_at: float
    updated_at: float
    disabled: str | None = None
    failing_since: float | None = None
    held_until: float | None = None
    previous_until: float | None = None


@dataclass(slots=True, frozen=True, kw_only=True)
class WebhookDelivery:
    """One event on its way to one webhook. `payload`: all that is sent. `queued_at`: when it was kept, or asked for again.

    `attempts`: since then. `next_due` is None once it is settled. `response`: how the last answer began. `ms`: how long
    the last attempt took.
    """

    tenant: str
    webhook: str
    id: str
    event: str
    type: str
    payload: Json
    queued_at: float
    status: Status = "pending"
    attempts: int = 0
    next_due: float | None
    changed_at: float
    status_code: int | None = None
    response: str | None = None
    error: str | None = None
    ms: int | None = None


class Webhooks(Protocol):
    """In a writing transaction a webhook that was read is locked until its end."""

    async def put(self, webhook: Webhook) -> None:
        """New, or in place of the one of that id."""
        ...

    async def get(self, tenant: str, id: str) -> Webhook | None:  # noqa: A002  the word for it in every layer
        ...

    async def list(self, tenant: str, *, limit: int = 50, cursor: str | None = None) -> Page[Webhook]:
        """By id."""
        ...

    async def delete(self, tenant: str, id: str) -> bool:  # noqa: A002  as above
        """With its deliveries."""
        ...

    async def everywhere(self) -> Sequence[Webhook]:
        """Over all tenants: those that are active."""
        ...


class WebhookDeliveries(Protocol):
    async def add(self, delivery: WebhookDelivery) -> bool:
        """False if it is there already. `Missing` if there is no such webhook."""
        ...

    async def get(self, tenant: str, webhook: str, id: str) -> WebhookDelivery | None:  # noqa: A002  as above
        ...

    async def list(
        self, tenant: str, webhook: str, *, status: Status | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[WebhookDelivery]:
        """The newest first."""
        ...

    async def put(self, delivery: WebhookDelivery) -> bool:
        """As it now is. False if it is gone."""
        ...


class WebhookQueue(Protocol):
    """What the worker that sends asks. Over all tenants."""

    async def webhooks(self, at: float) -> Sequence[Webhook]:
        """Those that are active, not held, and have something to be sent now."""
        ...

    async def due(self, webhook: Webhook, at: float, *, limit: int) -> Sequence[WebhookDelivery]:
        """What is to be sent there now, the longest overdue first."""
        ...

    async def bring_forward(self, at: float) -> int:
        """The clock was put back: due now is what was put off more than `records.AHEAD` from now, and nobody is held for
        longer than `LONGEST_HOLD`. How many deliveries that is."""
        ...

    async def give_up(self, webhook: Webhook, error: str, *, at: float) -> int:
        """All that waits to be sent there is dead; how many."""
        ...

    async def forget(self, before: float) -> int:
        """Deliveries that last changed before then; how many."""
        ...
