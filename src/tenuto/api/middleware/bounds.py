"""How large a body may be, and how long a request may take until its answer begins.

A body that trickles in, or a handler that hangs, is ended; an answer that has begun (a stream) may last.
"""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenuto.api.middleware.refusing import refuse


class Sizes:
    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif (declared := _declared(scope)) is not None and declared > self._limit:
            await refuse(scope, receive, send, "too_large", _sentence(self._limit))
        elif declared is not None:
            await self._app(scope, receive, send)  # the server sees to it that no more comes than was declared
        else:
            await self._app(scope, self._counting(receive), send)

    def _counting(self, receive: Receive) -> Receive:
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._limit:
                raise HTTPException(413, _sentence(self._limit))
            return message

        return counted


class Timeouts:
    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False
        clock = asyncio.timeout(self._seconds)
        try:
            async with clock:

                async def send_in_time(message: Message) -> None:
                    nonlocal begun
                    if not begun:
                        begun = True
                        clock.reschedule(None)
                    await send(message)

                await self._app(scope, receive, send_in_time)
        except TimeoutError:
            if begun or not clock.expired():
                raise
            said = f"no answer could be given in {self._seconds:g} s"
            await refuse(scope, receive, send, "timeout", said, hint="look whether it was done before asking again")


def _declared(scope: Scope) -> int | None:
    """What `Content-Length` says. A server refuses one that is no number before it comes here."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def _sentence(limit: int) -> str:
    return f"the body is larger than {limit:,} bytes"
