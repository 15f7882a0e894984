"""`/v1/webhooks`: where events are sent as they happen, and what came of it. A secret is in one answer, never again."""

from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.moments import Moment
from tenuto.api.paging import Cursor, Limit, Paged
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Reading, Writing
from tenuto.ports.webhooks import Status, Webhook, WebhookDelivery
from tenuto.service import webhooks
from tenuto.service.principal import Principal

Reader = Annotated[Principal, Can("webhooks:read")]
Writer = Annotated[Principal, Can("webhooks:write")]
Url = Annotated[str, Field(max_length=webhooks.LONGEST_URL, examples=["https://example.com/tenuto"])]
Types = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    Field(
        min_length=1,
        max_length=webhooks.MOST_TYPES,
        description="Of events: `run.failed`, `flow.published`, types of your own; `run.*` or `*` for all of them.",
        examples=[["run.failed", "run.waiting"]],
    ),
]
Labels = Annotated[
    dict[str, str], Field(description="Only of runs that have all of these.", examples=[{"team": "ops"}])
]
Flow = Annotated[str | None, Field(max_length=63, description="Only what is about this flow.", examples=[None])]
Stage = Annotated[str | None, Field(max_length=63, description="Only what happens in this stage.", examples=[None])]
Text = Annotated[str, Field(max_length=webhooks.LONGEST_TEXT, examples=["The team's channel"])]

router = Router(prefix="/v1/webhooks", tags=["webhooks"])


class NewWebhook(BaseModel):
    """Where to send what."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    types: Types
    description: Text = ""
    flow: Flow = None
    stage: Stage = None
    labels: Labels = {}
    active: bool = True


class WebhookChange(BaseModel):
    """What is to be different."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    url: Url = ""
    types: Types = []
    description: Text = ""
    flow: Flow = None
    stage: Stage = None
    labels: Labels = {}
    active: bool = True


class Rotation(BaseModel):
    """How long the secret before signs, too."""

    model_config = ConfigDict(extra="forbid")

    overlap: Annotated[
        float, Field(ge=0, le=webhooks.LONGEST_OVERLAP, description="In seconds.", examples=[86_400])
    ] = webhooks.OVERLAP


class WebhookShown(BaseModel):
    """`disabled`: why the server switched it off. `failing_since`: it has taken nothing since then."""

    id: Annotated[str, Field(examples=["wh_5a0c7d1e9b3f2468"])]
    url: str
    types: list[str]
    description: str
    flow: str | None
    stage: str | None
    labels: dict[str, str]
    active: bool
    disabled: str | None
    failing_since: Moment | None
    previous_secret_until: Moment | None
    created_at: Moment
    updated_at: Moment
    by: Annotated[str, Field(examples=["ann"])]


class MadeWebhook(WebhookShown):
    """`secret`: shown this once. With it the receiver checks the signature, as Standard Webhooks has it."""

    secret: Annotated[str, Field(examples=["whsec_…"])]


class DeliveryShown(BaseModel):
    """`id` is what the receiver gets as `webhook-id`, on every attempt. `response`: how the last answer began."""

    id: Annotated[str, Field(examples=["msg_0f3c1b5d7e9a2468ace013579bdf0246"])]
    event: str
    type: Annotated[str, Field(examples=["run.failed"])]
    status: Annotated[Status, Field(description="`pending`, `delivered`, or `dead`: given up.")]
    attempts: int
    queued_at: Moment
    changed_at: Moment
    next_attempt_at: Moment | None
    status_code: int | None
    response: str | None
    error: str | None
    ms: int | None


@router.post("", status_code=201, summary="Add a webhook", responses=problems(409))
async def create(body: NewWebhook, who: Writer, platform: ThePlatform, tx: Writing) -> MadeWebhook:
    """What happens from now on is sent there. Who adds it must be allowed to see what it tells."""
    wish = webhooks.Wish(**body.model_dump())
    made, secret = await webhooks.create(webhooks.desk_of(platform.courier), tx, who, wish, at=platform.clock())
    return _made(made, secret)


@router.get("", summary="List webhooks")
async def listing(who: Reader, tx: Reading, limit: Limit = 50, cursor: Cursor = None) -> Paged[WebhookShown]:
    page = await webhooks.listing(tx, who, limit=limit, cursor=cursor)
    return Paged[WebhookShown](items=[_shown(each) for each in page.items], next_cursor=page.next_cursor)


@router.get("/{id}", summary="Show a webhook", responses=problems(404))
async def show(id: str, who: Reader, tx: Reading) -> WebhookShown:  # noqa: A002  the word for it in every layer
    return _shown(await webhooks.get(tx, who, id))


@router.patch("/{id}", summary="Change a webhook", responses=problems(404))
async def change(
    id: str,  # noqa: A002  as above
    body: WebhookChange,
    who: Writer,
    platform: ThePlatform,
    tx: Writing,
) -> WebhookShown:
    """What is said of it; the rest stays. While it is switched off nothing is kept for it."""
    said = body.model_dump(exclude_unset=True)
    desk = webhooks.desk_of(platform.courier)
    return _shown(await webhooks.change(desk, tx, who, id, said, at=platform.clock()))


@router.delete("/{id}", status_code=204, summary="Remove a webhook", responses=problems(404))
async def delete(id: str, who: Writer, platform: ThePlatform, tx: Writing) -> None:  # noqa: A002  as above
    """With what was still to be sent to it."""
    await webhooks.delete(webhooks.desk_of(platform.courier), tx, who, id, at=platform.clock())


@router.post("/{id}/rotate", summary="Give a webhook another secret", responses=problems(404))
async def rotate(
    id: str,  # noqa: A002  as above
    who: Writer,
    platform: ThePlatform,
    tx: Writing,
    body: Rotation | None = None,
) -> MadeWebhook:
    """Both sign for a while, so that the receiver can change over without missing anything."""
    desk, overlap = webhooks.desk_of(platform.courier), (body or Rotation()).overlap
    return _made(*await webhooks.rotate(desk, tx, who, id, overlap=overlap, at=platform.clock()))


@router.post("/{id}/test", summary="Try a webhook", responses=problems(404))
async def test(id: str, who: Writer, platform: ThePlatform) -> DeliveryShown:  # noqa: A002  as above
    """Send it an event `webhook.test` now, once, and answer what came of it."""
    return _delivery(await webhooks.attempt(platform.courier, who, id))


@router.get("/{id}/deliveries", summary="What was sent to a webhook", responses=problems(404))
async def deliveries(
    id: str,  # noqa: A002  as above
    who: Reader,
    tx: Reading,
    status: Annotated[Status | None, Query(description="`dead`: only those that were given up.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Paged[DeliveryShown]:
    """The newest first, for two weeks."""
    page = await webhooks.deliveries(tx, who, id, status=status, limit=limit, cursor=cursor)
    return Paged[DeliveryShown](items=[_delivery(each) for each in page.items], next_cursor=page.next_cursor)


@router.post(
    "/{id}/deliveries/{delivery}/redeliver",
    status_code=202,
    summary="Send an event again",
    responses=problems(404, 409),
)
async def redeliver(
    id: str,  # noqa: A002  as above
    delivery: str,
    who: Writer,
    platform: ThePlatform,
    tx: Writing,
) -> DeliveryShown:
    """Under the same `webhook-id`, and with all its attempts again."""
    desk = webhooks.desk_of(platform.courier)
    return _delivery(await webhooks.redeliver(desk, tx, who, id, delivery, at=platform.clock()))


def _shown(webhook: Webhook) -> WebhookShown:
    return WebhookShown.model_validate(webhooks.webhook_json(webhook))


def _made(webhook: Webhook, secret: str) -> MadeWebhook:
    said: dict[str, Any] = {**webhooks.webhook_json(webhook), "secret": secret}
    return MadeWebhook.model_validate(said)


def _delivery(delivery: WebhookDelivery) -> DeliveryShown:
    return DeliveryShown.model_validate(webhooks.delivery_json(delivery))
