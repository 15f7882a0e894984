"""Whether the server lives, and whether it can do its work."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from tenuto.api.access import PUBLIC
from tenuto.api.routing import Router

router = Router(tags=["health"])


class Health(BaseModel):
    """`checks`: each dependency by name, with what was found."""

    status: Literal["ok", "degraded", "down"]
    checks: Annotated[dict[str, str], Field(examples=[{"process": "ok"}])]


@router.get("/health/live", dependencies=[PUBLIC], summary="Whether the process answers")
async def live() -> Health:
    """Always `ok` from a process that can answer at all; restart it when it does not."""
    return Health(status="ok", checks={"process": "ok"})
