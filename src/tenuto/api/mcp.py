"""`/mcp`: the use cases for MCP clients, with the credentials of the API. Its skin is `tenuto.mcp`, which is loaded when
somebody first asks.
"""

import asyncio
import importlib
from typing import Annotated, Any, Final

from fastapi import Query, Request
from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

from tenuto.api.access import ANY_CREDENTIAL, declares, principal_of
from tenuto.api.platform import platform_of
from tenuto.api.routing import Router
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused

PATH: Final = "/mcp"
_SKIN: Final = "tenuto.mcp.doors"  # by name: skins do not know each other

router = Router(tags=["tools"])


@router.api_route(PATH, methods=["GET", "POST", "DELETE"], include_in_schema=False)
@declares(ANY_CREDENTIAL)
async def serve(
    request: Request,
    stage: Annotated[str | None, Query(max_length=63, description="Whose flows; `dev` unless said.")] = None,
) -> Response:
    """Streamable HTTP. Which tools there are follows from what the credential may."""
    who = await principal_of(request)
    _refuse_foreign_page(request)
    if stage is not None:
        await platform_of(request).flows.published.stage(who.tenant, stage)
    return _Through(await _doors(request), who, stage)


class _Through(Response):
    """Hands the request on as it came."""

    def __init__(self, doors: Any, who: Principal, stage: str | None) -> None:
        super().__init__()
        self._given = who, stage
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if task is not None:  # an answer begins when the call has one, and a call has a time of its own
            scope["state"]["patience"].answered(task)
        await self._doors.handle(scope, receive, send, *self._given)


async def _doors(request: Request) -> Any:
    state = request.app.state
    if getattr(state, "mcp", None) is None:
        skin = await asyncio.to_thread(importlib.import_module, _SKIN)
        if getattr(state, "mcp", None) is None:
            state.mcp = skin.Doors(platform_of(request))
    return state.mcp


async def close(app: Any) -> None:
    """Sessions end with the server."""
    doors = getattr(app.state, "mcp", None)
    if doors is not None:
        await doors.aclose()


def _refuse_foreign_page(request: Request) -> None:
    """A page may ask if it is our own, or one that the settings allow. Programs send no `Origin`."""
    origin = request.headers.get("origin")
    if origin is None:
        return
    own = f"{request.url.scheme}://{request.headers.get('host', '')}"
    if origin != own and origin not in request.app.state.settings.cors_origins:
        raise Refused("forbidden", "a page of this origin may not ask here", "name it in `cors_origins`")
