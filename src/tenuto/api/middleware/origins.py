"""For which host a request is, and from whom it comes.

A page elsewhere can make a browser send requests here under a name of its own (DNS rebinding): a name that nobody
allowed gets no answer. What a proxy says of the caller counts only if the proxy is one of ours.
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from starlette.types import Scope

LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")

_HOST: Final = re.compile(rb"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(?::\d{1,5})?")
_REMEMBERED: Final = 1_000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Hosts:
    """`allowed`: names without a port; `*.example.com` allows every name below it, `*` all there are."""

    def __init__(self, allowed: Iterable[str]) -> None:
        names = [name.lower() for name in allowed]
        self._names = frozenset(name for name in names if not name.startswith("*"))
        self._below = tuple(name[1:] for name in names if name.startswith("*."))
        self._all = "*" in names
        self._known: dict[bytes, bool] = {}

    def allows(self, scope: Scope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"host"]
        if len(given) != 1:
            return False
        host = given[0]
        known = self._known.get(host)
        if known is None:
            known = self._find(host)
            if len(self._known) < _REMEMBERED:
                self._known[host] = known
        return known

    def _find(self, host: bytes) -> bool:
        match = _HOST.fullmatch(host)
        if match is None:
            return False
        name = match[1].decode().lower().rstrip(".")
        return self._all or name in self._names or name.endswith(self._below)


class Proxies:
    """Where the connection comes from a trusted proxy, the caller is whom that proxy names."""

    def __init__(self, trusted: Iterable[Network]) -> None:
        self._trusted = tuple(trusted)

    def hear(self, scope: Scope) -> None:
        if self._trusted and scope.get("client") and self._trusts(scope["client"][0]):
            self._believe(scope)

    def _trusts(self, address: str) -> bool:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(parsed in network for network in self._trusted)

    def _believe(self, scope: Scope) -> None:
        said = _headers(scope)
        scheme = said.get(b"x-forwarded-proto", b"").strip().lower()
        if scheme in {b"http", b"https"}:
            secure = scheme == b"https"
            scope["scheme"] = ("wss" if secure else "ws") if scope["type"] == "websocket" else scheme.decode()
        # From the right: what stands left of the first stranger was written by that stranger.
        for hop in reversed(said.get(b"x-forwarded-for", b"").split(b",")):
            address = hop.strip().decode("latin-1")
            if _is_address(address) and not self._trusts(address):
                scope["client"] = (address, 0)
                return


def _headers(scope: Scope) -> dict[bytes, bytes]:
    """A header that was sent twice counts as one list."""
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name.startswith(b"x-forwarded-"):
            found[name] = found[name] + b"," + value if name in found else value
    return found


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
