"""How often an address may ask, how large a body may be, and how long a request may take until its answer begins.

What every answer says of the limit that has least left is said here too. In one frame, because every request pays for each.
"""

import asyncio

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenuto.api.middleware.patience import Patience
from tenuto.api.middleware.refusing import refuse
from tenuto.ports.limits import Verdict
from tenuto.service.limits import Limited, Turnstile


class Bounds:
    """`size`: bytes of a body. `seconds`: until the answer begins; an answer that has begun (a stream) may last."""

    def __init__(self, app: ASGIApp, turnstile: Turnstile, size: int, seconds: float) -> None:
        self._app = app
        self._turnstile = turnstile
        self._size = size
        self._patience = Patience(seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        state, patience, task = scope["state"], self._patience, asyncio.current_task()
        state["patience"] = patience  # for whoever has a time of its own

        async def send_told(message: Message) -> None:
            if message["type"] == "http.response.start":
                patience.answered(task)
                if state["verdict"] is not None:
                    message["headers"] = [*message.get("headers", ()), *_told(state["verdict"])]
            await send(message)

        try:
            state["verdict"] = self._turnstile.address(scope["client"][0] if scope.get("client") else "local")
        except Limited as limited:
            state["verdict"] = limited.verdict
            wait = {"Retry-After": str(limited.verdict.reset)}
            await refuse(scope, receive, send_told, limited.code, str(limited), hint=limited.hint, headers=wait)
            return
        if scope["type"] == "websocket" or task is None:
            await self._app(scope, receive, send_told)
            return
        declared = _declared(scope)
        if declared is None:
            receive = self._counting(receive)
        elif declared > self._size:  # of what is declared the server lets no more come
            await refuse(scope, receive, send_told, "too_large", _sentence(self._size))
            return
        await self._in_time(scope, receive, send_told, task)

    async def _in_time(self, scope: Scope, receive: Receive, send: Send, task: asyncio.Task[object]) -> None:
        patience = self._patience
        patience.wait(task)
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if not patience.was_cut(task):
                raise  # somebody else wants it to end
            said = f"no answer could be given in {patience.seconds:g} s"
            await refuse(scope, receive, send, "timeout", said, hint="look whether it was done before asking again")
        finally:
            patience.over(task)

    def _counting(self, receive: Receive) -> Receive:
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._size:
                raise HTTPException(413, _sentence(self._size))
            return message

        return counted


def _told(verdict: Verdict) -> list[tuple[bytes, bytes]]:
    return [
        (b"ratelimit-limit", b"%d" % verdict.rate.amount),
        (b"ratelimit-remaining", b"%d" % verdict.remaining),
        (b"ratelimit-reset", b"%d" % verdict.reset),
    ]


def _declared(scope: Scope) -> int | None:
    """What `Content-Length` says. A server refuses one that is no number before it comes here."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else None
    return None


def _sentence(limit: int) -> str:
    return f"the body is larger than {limit:,} bytes"
