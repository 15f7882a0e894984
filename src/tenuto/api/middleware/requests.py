"""The outermost: a request gets its id (its own, if it is a decent one), and always an answer."""

import re
import secrets
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenuto.api.errors import answer_unexpected

HEADER: Final = b"x-request-id"
_DECENT: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")  # what may stand in a header and in a log line


class Requests:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        request_id = request_id_for(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        named = (HEADER, request_id.encode())
        started = False

        async def send_named(message: Message) -> None:
            nonlocal started
            if message["type"] in {"http.response.start", "websocket.accept"}:
                started = True
                message["headers"] = [*message.get("headers", ()), named]
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        except Exception as error:
            if started or scope["type"] != "http":  # too late to say anything: the connection is closed by the server
                raise
            await answer_unexpected(request_id, error)(scope, receive, send_named)


def request_id_for(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == HEADER and _DECENT.fullmatch(value):
            return value.decode()
    return secrets.token_hex(12)
