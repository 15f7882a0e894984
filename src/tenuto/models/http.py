"""The HTTP clients that providers' libraries are made with: bounded, and guarded where an address was not the administrator's.

One of each kind is shared by all models. They belong to the event loop that uses them first.
"""

from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any, Final

from tenuto.sdk.agents import ModelError
from tenuto.sdk.http.addresses import Network, Policy

if TYPE_CHECKING:
    import httpx2

LARGEST: Final = 64 * 1024 * 1024  # bytes of one answer as it comes over the wire
CONNECT: Final = 10.0  # seconds
SILENCE: Final = 180.0  # seconds between two pieces; a model may think for a while before it speaks
_CONNECTIONS: Final = 1_000


class HttpClients:
    """`open()` reaches everything, `guarded()` public addresses and `allow` alone. Made when first asked for."""

    def __init__(self, allow: Iterable[Network] = (), own: Iterable[tuple[str, int]] = ()) -> None:
        self._policy = Policy(allow, own)
        self._made: dict[str, httpx2.AsyncClient] = {}

    def open(self) -> "httpx2.AsyncClient":
        """For a provider's own host, and for what the administrator has configured. Proxies of the environment are used."""
        if "open" not in self._made:
            self._made["open"] = _client(None)
        return self._made["open"]

    def guarded(self) -> "httpx2.AsyncClient":
        """For an address that stands in an agent's file."""
        if "guarded" not in self._made:
            self._made["guarded"] = _client(self._policy)
        return self._made["guarded"]

    async def aclose(self) -> None:
        for client in self._made.values():
            await client.aclose()
        self._made.clear()


def _client(policy: Policy | None) -> "httpx2.AsyncClient":
    import httpx2

    return httpx2.AsyncClient(
        transport=None if policy is None else _guarded(policy),
        trust_env=policy is None,
        timeout=httpx2.Timeout(SILENCE, connect=CONNECT, pool=CONNECT),
        limits=httpx2.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=50, keepalive_expiry=30),
        headers={"Accept-Encoding": "identity"},  # what is not packed cannot be a bomb
        follow_redirects=False,  # a key goes nowhere else
        event_hooks={"response": [_bound]},
    )


def _guarded(policy: Policy) -> "httpx2.AsyncHTTPTransport":
    import httpcore2
    import httpx2

    from tenuto.sdk.http.transport import GuardedBackend, resolve

    transport = httpx2.AsyncHTTPTransport(trust_env=False)
    transport._pool = httpcore2.AsyncConnectionPool(  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  the library has no public way to say how it connects
        ssl_context=httpcore2.default_ssl_context(),
        network_backend=GuardedBackend(policy, resolve),
        max_connections=_CONNECTIONS,
        max_keepalive_connections=50,
        keepalive_expiry=30,
    )
    return transport


async def _bound(response: "httpx2.Response") -> None:
    """Called with every answer before its body is read."""
    packed = response.headers.get("content-encoding", "identity")
    if packed.lower() not in {"identity", ""}:
        await response.aclose()
        raise ModelError(f"the server packs its answer ({packed[:20]}), though it was asked not to", retry=False)
    import httpx2

    class Counted(httpx2.AsyncByteStream):
        """The body, which ends in an error where it is too large."""

        def __init__(self, inner: Any) -> None:
            self._inner = inner

        async def __aiter__(self) -> AsyncIterator[bytes]:
            seen = 0
            async for piece in self._inner:
                seen += len(piece)
                if seen > LARGEST:
                    raise ModelError(f"the answer is larger than {LARGEST} bytes", retry=False)
                yield piece

        async def aclose(self) -> None:
            await self._inner.aclose()

    response.stream = Counted(response.stream)
