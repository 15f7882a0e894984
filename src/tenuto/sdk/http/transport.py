"""Connecting to the address that was checked. Imports the HTTP library; imported when the first request is made.

A name is resolved once, here; every answer is checked, and the connection goes to one that passed. TLS still names the
host, and so does the `Host` header. Proxies of the environment are not asked.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Final, Never, cast

import httpcore2

from tenuto.sdk.errors import NodeError
from tenuto.sdk.http.addresses import PUBLIC_PORTS, Policy
from tenuto.sdk.http.urls import Target

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]

_TRIED: Final = 4  # addresses of one name
_CONNECT_SECONDS: Final = 10.0
_CONNECTIONS: Final = 100
_IDLE_CONNECTIONS: Final = 20
_IDLE_SECONDS: Final = 30.0


async def resolve(host: str, port: int) -> list[str]:
    """What the system's resolver says, every spelling of an address included."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Transport:
    """Connections that are kept, each to an address that passed the policy. `ERRORS`: what going wrong looks like."""

    ERRORS: Final = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException)

    def __init__(self, policy: Policy, resolver: Resolve | None = None) -> None:
        self._backend = GuardedBackend(policy, resolver or resolve)
        self._pools: dict[str, httpcore2.AsyncConnectionPool] = {}
        self._first = asyncio.Lock()

    async def send(
        self, method: str, target: Target, headers: Iterable[tuple[str, str]], body: bytes | None
    ) -> httpcore2.Response:
        """The answer, its body not yet read; the caller closes it."""
        wire = httpcore2.Request(
            method,
            httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path),
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
            content=body,
        )
        pool = self._pools.get(target.scheme) or await self._open(target.scheme)
        return await pool.handle_async_request(wire)

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()

    async def _open(self, scheme: str) -> httpcore2.AsyncConnectionPool:
        """A pool for plain HTTP, one for TLS: reading the certificates takes long enough to be done once, in a thread."""
        async with self._first:
            if scheme not in self._pools:
                context = await asyncio.to_thread(httpcore2.default_ssl_context) if scheme == "https" else None
                self._pools[scheme] = httpcore2.AsyncConnectionPool(
                    ssl_context=context,
                    network_backend=self._backend,
                    max_connections=_CONNECTIONS,
                    max_keepalive_connections=_IDLE_CONNECTIONS,
                    keepalive_expiry=_IDLE_SECONDS,
                )
            return self._pools[scheme]


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections, to permitted addresses only."""

    def __init__(self, policy: Policy, resolver: Resolve) -> None:
        self._policy = policy
        self._resolve = resolver
        self._dial = cast("httpcore2.AsyncNetworkBackend", httpcore2.AnyIOBackend())

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = await permitted(self._policy, self._resolve, host, port)
        for address in addresses[:-1]:
            try:
                return await self._dial.connect_tcp(address, port, _CONNECT_SECONDS, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._dial.connect_tcp(
            addresses[-1], port, timeout or _CONNECT_SECONDS, local_address, socket_options
        )

    async def connect_unix_socket(self, path: str, *_arguments: Any, **_options: Any) -> Never:
        raise NodeError(f"the socket {path} cannot be reached by nodes", type="permission", retry=False)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def permitted(
    policy: Policy, resolve: Resolve, host: str, port: int, usual: Collection[int] = PUBLIC_PORTS
) -> list[str]:
    """The addresses to try. A name that does not resolve and one that leads inside give the same error: it tells nothing."""
    literal = _is_address(host)
    try:
        found = [host] if literal else await resolve(host, port)
    except (OSError, UnicodeError):
        found = []
    addresses = [address for address in found if policy.permits(address, port, host, usual)][:_TRIED]
    if not addresses:
        where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        raise NodeError(
            f"{where} is no place that nodes may reach: public addresses on the usual ports, and what TENUTO_HTTP_ALLOW names",
            type="permission" if literal else "connection",
            retry=not literal,
        )
    return addresses


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
