"""The limit of an address, and what every answer says of the limit that has least left."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tenuto.api.middleware.refusing import refuse
from tenuto.ports.limits import Verdict
from tenuto.service.limits import Limited, Turnstile


class RateLimits:
    def __init__(self, app: ASGIApp, turnstile: Turnstile) -> None:
        self._app = app
        self._turnstile = turnstile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        state = scope["state"]
        state["verdict"] = None

        async def send_told(message: Message) -> None:
            verdict: Verdict | None = state["verdict"]
            if message["type"] == "http.response.start" and verdict is not None:
                message["headers"] = [*message.get("headers", ()), *_told(verdict)]
            await send(message)

        try:
            state["verdict"] = self._turnstile.address(scope["client"][0] if scope.get("client") else "local")
        except Limited as limited:
            state["verdict"] = limited.verdict
            wait = {"Retry-After": str(limited.verdict.reset)}
            await refuse(scope, receive, send_told, limited.code, str(limited), hint=limited.hint, headers=wait)
            return
        await self._app(scope, receive, send_told)


def _told(verdict: Verdict) -> list[tuple[bytes, bytes]]:
    return [
        (b"ratelimit-limit", b"%d" % verdict.rate.amount),
        (b"ratelimit-remaining", b"%d" % verdict.remaining),
        (b"ratelimit-reset", b"%d" % verdict.reset),
    ]
