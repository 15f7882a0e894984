"""The outermost: a request gets its id (its own, if it is a decent one), always an answer, and is counted. One that is for
another host is turned away. In one frame, because every request pays for each.
"""

import os
import re
import time
from collections.abc import Callable
from itertools import count
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenuto.api.errors import answer_unexpected
from tenuto.api.logs import current
from tenuto.api.middleware.headers import guarded
from tenuto.api.middleware.origins import Hosts, Proxies
from tenuto.api.middleware.refusing import refuse

HEADER: Final = b"x-request-id"
_DECENT: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")  # what may stand in a header and in a log line
_PROCESS: Final = os.urandom(8).hex()  # asked for once: asking is slow in some sandboxes
_numbers: Final = count(1)
_MISDIRECTED: Final = "this server does not answer under that name"
_ELSEWHERE: Final = "use the address that it printed, or add the name to `allowed_hosts` of its settings"
_CLIENT_LEFT: Final = 499  # no answer was begun; as nginx says it

# Called when an answer has gone out: the request, its status, how many seconds it took until the answer began.
Count = Callable[[Scope, int, float], None]


class Requests:
    """`hosts`: for whom a request may be. `proxies`: whose word on the caller counts."""

    def __init__(self, app: ASGIApp, count: Count, hosts: Hosts, proxies: Proxies) -> None:
        self._app = app
        self._count = count
        self._hosts = hosts
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        request_id = request_id_for(scope)
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        answering = current.set(state)
        self._proxies.hear(scope)
        secure = scope["scheme"] == "https"
        status, took = 0, 0.0

        async def send_named(message: Message) -> None:
            nonlocal status, took
            if message["type"] == "http.response.start":
                status, took = message["status"], time.perf_counter() - begun
                message["headers"] = [
                    *guarded(message.get("headers", ()), secure=secure),
                    (HEADER, request_id.encode()),
                ]
            elif message["type"] == "websocket.accept":
                status, took = 101, time.perf_counter() - begun
            await send(message)

        try:
            if self._hosts.allows(scope):
                await self._app(scope, receive, send_named)
            else:
                await refuse(scope, receive, send_named, "misdirected", _MISDIRECTED, hint=_ELSEWHERE)
        except ClientDisconnect:  # nobody is there to be told
            pass
        except Exception as error:
            if state.get("answered") is error:
                return
            if status or scope["type"] != "http":  # too late to say anything: the connection is closed by the server
                raise
            await answer_unexpected(request_id, error)(scope, receive, send_named)
        finally:
            current.reset(answering)
            self._count(scope, status or _CLIENT_LEFT, took)


def request_id_for(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == HEADER and _DECENT.fullmatch(value):
            return value.decode()
    return f"{_PROCESS}{next(_numbers):08x}"
