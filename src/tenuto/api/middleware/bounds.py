"""How large a body may be, and how long a request may take until its answer begins.

A body that trickles in, or a handler that hangs, is ended; an answer that has begun (a stream) may last.
"""

import asyncio
from typing import Any

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
    """One look at all that wait, now and then, costs less than a timer for each."""

    def __init__(self, app: ASGIApp, seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._pause = min(seconds / 4, 1.0)
        self._waiting: dict[asyncio.Task[Any], float] = {}  # since when no answer has begun
        self._cut: set[asyncio.Task[Any]] = set()
        self._looks = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if scope["type"] != "http" or task is None:
            await self._app(scope, receive, send)
            return
        waiting = self._waiting

        async def send_in_time(message: Message) -> None:
            waiting.pop(task, None)
            await send(message)

        self._wait(task)
        try:
            await self._app(scope, receive, send_in_time)
        except asyncio.CancelledError:
            if task not in self._cut or task.uncancel():
                raise  # somebody else wants it to end
            said = f"no answer could be given in {self._seconds:g} s"
            await refuse(scope, receive, send, "timeout", said, hint="look whether it was done before asking again")
        finally:
            waiting.pop(task, None)
            self._cut.discard(task)

    def _wait(self, task: asyncio.Task[Any]) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[task] = loop.time()
        if not self._looks:
            self._looks = True
            loop.call_later(self._pause, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        oldest = loop.time() - self._seconds
        for task in [task for task, since in self._waiting.items() if since <= oldest]:
            del self._waiting[task]
            self._cut.add(task)
            task.cancel()
        self._looks = bool(self._waiting)
        if self._looks:
            loop.call_later(self._pause, self._look, loop)


def _declared(scope: Scope) -> int | None:
    """What `Content-Length` says. A server refuses one that is no number before it comes here."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def _sentence(limit: int) -> str:
    return f"the body is larger than {limit:,} bytes"
