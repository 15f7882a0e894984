"""Whether the server lives, whether it can do its work, and its figures.

On loopback nobody is asked who they are; elsewhere the setting `open_metrics` says so, or a credential is needed.
"""

from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import BaseModel, Field
from starlette.requests import HTTPConnection

from tenuto.api.access import PUBLIC, principal_of
from tenuto.api.errors import problems
from tenuto.api.platform import ThePlatform
from tenuto.api.routing import Router
from tenuto.service.health import Report
from tenuto.settings import Settings

router = Router(tags=["health"])


class Health(BaseModel):
    """`checks`: each dependency by name, with what was found."""

    status: Literal["ok", "degraded", "down"]
    checks: Annotated[dict[str, str], Field(examples=[{"journal": "ok", "store": "ok", "disk": "ok"}])]


async def _near(connection: HTTPConnection) -> None:
    """Who is on this machine may look; who is not says who they are, unless a setting opens it to all."""
    settings: Settings = connection.app.state.settings
    if not settings.loopback and not settings.open_metrics:
        (await principal_of(connection)).needs("metrics:read")


NEAR = Depends(_near)
_DOWN: dict[int | str, dict[str, Any]] = {
    503: {
        "description": "Something that the server depends on is down.",
        "content": {
            "application/json": {"schema": {"$ref": "#/components/schemas/Health"}},
            **problems(503)[503]["content"],
        },
    }
}


@router.get("/health/live", summary="Whether the process answers", dependencies=[PUBLIC])
async def live() -> Health:
    """Always `ok` from a process that can answer at all; restart it when it does not."""
    return Health(status="ok", checks={"process": "ok"})


@router.get("/health/ready", summary="Whether work can be sent here", dependencies=[PUBLIC, NEAR], responses=_DOWN)
async def ready(platform: ThePlatform, response: Response) -> Health:
    """Each dependency, asked within the last second. 503 while one of them is down; it comes back by itself."""
    return _told(await platform.health.report(), response)


@router.get("/health", summary="How the server is", dependencies=[PUBLIC, NEAR], responses=_DOWN)
async def health(platform: ThePlatform, response: Response) -> Health:
    """The same as `/health/ready`."""
    return _told(await platform.health.report(), response)


# Who watches over servers asks so, for the status alone.
for _path, _answer in (("/health/live", live), ("/health/ready", ready), ("/health", health)):
    router.add_api_route(
        _path,
        _answer,
        methods=["HEAD"],
        include_in_schema=False,
        dependencies=[PUBLIC, *([] if _answer is live else [NEAR])],
    )


def _told(report: Report, response: Response) -> Health:
    if report.status == "down":
        response.status_code = 503
    return Health(status=report.status, checks=report.checks)
