"""What every answer tells a browser: trust nothing of this, keep nothing of it, show it nowhere else."""

from collections.abc import Iterable
from typing import Final

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


def guarded(given: Iterable[tuple[bytes, bytes]], *, secure: bool) -> list[tuple[bytes, bytes]]:
    """A route may say its own policy and its own caching; the rest is not negotiable."""
    headers = [*given]
    said = {name.lower() for name, _ in headers}
    headers += _ALWAYS
    if b"cache-control" not in said:
        headers.append(_CACHE)
    if b"content-security-policy" not in said:
        headers.append(_CSP)
    if secure:
        headers.append(_HSTS)
    return headers
