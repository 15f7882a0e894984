"""`POST /v1/events`: telling flows of something that happened. (What a run's journal holds is in `api.events`.)"""

from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from tenuto.api.access import Can
from tenuto.api.errors import problems
from tenuto.api.limits import limited
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.api.transactions import Writing
from tenuto.service import events, hops
from tenuto.service.events import Happened
from tenuto.service.principal import Principal

Teller = Annotated[Principal, Can("events:write")]

router = Router(prefix="/v1/events", tags=["events"])


class Event(BaseModel):
    """Something that happened. With an `id` of yours you may tell it again: within a day it counts once."""

    model_config = ConfigDict(extra="forbid")

    type: Annotated[str, Field(min_length=1, max_length=200, examples=["order.created"])]
    payload: Annotated[Any, Field(examples=[{"id": "o-1", "total": 150}])] = None
    id: Annotated[str | None, Field(min_length=1, max_length=200, examples=["evt-4711"])] = None
    correlation: Annotated[
        str | None, Field(max_length=200, examples=["cart-12"], description="What it belongs to.")
    ] = None


class Told(BaseModel):
    """`again`: it was told before, and starts nothing again."""

    id: Annotated[str, Field(examples=["evt-4711"])]
    again: bool


@router.post(
    "",
    status_code=202,
    summary="Tell of an event",
    responses={
        200: {"model": Told, "description": "It was told before, and starts nothing again."},
        **problems(413, 508),
    },
    openapi_extra=limited("start"),
)
async def tell(
    body: Event, who: Teller, request: Request, response: Response, platform: ThePlatform, tx: Writing
) -> Told:
    """Every flow with a trigger for its type starts once, where it is published. It is kept when this answers."""
    led = hops.read(request.headers.get(hops.HEADER, "0"))
    what = Happened(body.type, body.payload, body.id, body.correlation, led)
    name, again = await events.tell(platform, tx, who, what)
    response.status_code = 200 if again else 202
    return Told(id=name, again=again)
