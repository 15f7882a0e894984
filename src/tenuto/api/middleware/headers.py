"""What every answer tells a browser: trust nothing of this, keep nothing of it, show it nowhere else."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CSP: Final = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
_CACHE: Final = (b"cache-control", b"no-store")
_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
_HSTS: Final = (b"strict-transport-security", b"max-age=63072000; includeSubDomains")


class Headers:
    """A route may say its own policy and its own caching; the rest is not negotiable."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _guarded(message.get("headers", ()), secure=scope["scheme"] == "https")
            await send(message)

        await self._app(scope, receive, send_guarded)


def _guarded(given: list[tuple[bytes, bytes]], *, secure: bool) -> list[tuple[bytes, bytes]]:
    said = {name.lower() for name, _ in given}
    headers = [*given, *_ALWAYS]
    if b"cache-control" not in said:
        headers.append(_CACHE)
    if b"content-security-policy" not in said:
        headers.append(_CSP)
    if secure:
        headers.append(_HSTS)
    return headers
