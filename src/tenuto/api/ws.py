"""`/v1/ws`: one connection for many runs. JSON texts both ways.

Coming in: the first message is `{"type": "auth", "token": …, "tenant"?: …}` within five seconds, or the URL has a one-use
`?ticket=`. A page of another origin is not let in at all. Then:

    {"type": "subscribe", "run": id or name, "after"?: seq}      {"type": "unsubscribe", "run": id or name}
    {"type": "subscribe", "runs": {"flow"?, "status"?, "labels"?}}      {"type": "unsubscribe", "runs": true}
    {"type": "ping"}

Answers: `ready`, `subscribed`, `event` (as the stream of one run, with `run`), `run` (one of the list changed), `end` (a run
has ended, or is to be subscribed to again after that `seq`), `unsubscribed`, `error`, `pong`. Close codes: 4400 not
understood, 4401 no valid credential (any more), 4403 not allowed, 4408 too slow, 4429 too many connections.
"""

import asyncio
from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Request, WebSocket
from starlette.websockets import WebSocketDisconnect

from tenuto.api.access import Known, credential_of, declares
from tenuto.api.platform import ThePlatform, platform_of
from tenuto.api.routing import Router
from tenuto.api.run_shapes import TicketShown
from tenuto.api.tickets import HOLDS, Door, Pass, door_of
from tenuto.api.ws_session import UNPROVEN, Leave, Session, read_message
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused
from tenuto.service.runs import moment

AUTH_WITHIN: Final = 5.0  # seconds
FORBIDDEN: Final = 4403
TOO_MANY: Final = 4429

router = Router(prefix="/v1/ws", tags=["live"])


@router.post("/tickets", status_code=201, summary="Get a ticket for a WebSocket")
async def ticket(who: Annotated[Principal, Known()], platform: ThePlatform, request: Request) -> TicketShown:
    """For a browser, which cannot send a header with a WebSocket. It holds once, for half a minute, in your tenant."""
    issued = door_of(request).ticket(who, credential_of(request) or "")
    return TicketShown(ticket=issued, expires_at=moment(platform.clock() + HOLDS) or "")


@router.websocket("")
@declares("runs:read")
async def connect(socket: WebSocket) -> None:
    if not _own_origin(socket):
        await socket.close(FORBIDDEN)  # before it is accepted: the answer is an HTTP 403
        return
    await socket.accept()
    platform, door = platform_of(socket), door_of(socket)
    try:
        came = await _admitted(socket, platform, door)
        await _serve(socket, platform, door, came)
    except Leave as leave:
        await _close(socket, leave.code, str(leave))
    except WebSocketDisconnect:
        return


async def _serve(socket: WebSocket, platform: Platform, door: Door, came: Pass) -> None:
    if not door.enter(came.user):
        raise Leave(TOO_MANY, "too many connections")
    try:
        await socket.send_json({"type": "ready", "tenant": came.who.tenant})
        await Session(socket, platform, door, came).run()
    finally:
        door.leave(came.user)


async def _admitted(socket: WebSocket, platform: Platform, door: Door) -> Pass:
    """Who it is, or `Leave`: nothing is told before that."""
    name = socket.query_params.get("ticket")
    came = door.take(name) if name is not None else await _proven(socket, platform)
    if came is None:
        raise Leave(UNPROVEN, "no valid credential")
    if not came.who.may("runs:read"):
        raise Leave(FORBIDDEN, "this needs the permission `runs:read`")
    return came


async def _proven(socket: WebSocket, platform: Platform) -> Pass | None:
    try:
        async with asyncio.timeout(AUTH_WITHIN):
            said = read_message(await socket.receive())
    except TimeoutError:
        return None
    token, tenant = said.get("token"), said.get("tenant")
    if said.get("type") != "auth" or not isinstance(token, str) or not (tenant is None or isinstance(tenant, str)):
        return None
    try:
        return Pass(await platform.gate.identify(token, tenant), token)
    except Refused:
        return None


def _own_origin(socket: WebSocket) -> bool:
    """Whether it is our own page that asks, one of those that settings name, or no page at all."""
    origins = socket.headers.getlist("origin")
    if not origins:
        return True
    if len(origins) > 1:
        return False
    if origins[0] in socket.app.state.settings.cors_origins:
        return True
    said = urlsplit(origins[0])
    return said.scheme in {"http", "https"} and said.netloc == socket.headers.get("host")


async def _close(socket: WebSocket, code: int, why: str) -> None:
    try:
        async with asyncio.timeout(1):  # the other side may take nothing any more
            await socket.close(code, why)
    except (TimeoutError, RuntimeError, OSError):
        return
