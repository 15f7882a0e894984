"""The way to a server over HTTP: to the addresses that nodes may reach, no further, and no longer answers than are read.

Redirects are not followed, proxies of the environment are not asked; what a header carries goes to one origin only. What
is packed is not unpacked: its length says nothing of what comes out.
"""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

import httpcore2
import httpx2

from tenuto.sdk.errors import NodeError
from tenuto.sdk.http.addresses import Policy
from tenuto.sdk.http.transport import GuardedBackend, resolve
from tenuto.tools.mcp.seen import seen

LONGEST: Final = 10 * 1024 * 1024  # bytes of one answer, or of one event of a stream
_REDIRECTS: Final = 300  # the statuses from here on are no success
_SHOWN: Final = 200  # bytes of an address
_QUIET: Final = 300.0  # seconds that a stream may say nothing
_END: Final = re.compile(rb"\r\n\r\n|\n\n|\r\r")  # of an event


Refused = Callable[[int, str], None]  # the status, and what it means


def make_client(policy: Policy, headers: Mapping[str, str], timeout: float, refused: Refused) -> httpx2.AsyncClient:
    """`refused` is told what is wrong with a request, where the server says so by a status."""
    return httpx2.AsyncClient(
        transport=Guarded(policy, refused),
        headers={**headers, "Accept-Encoding": "identity"},
        timeout=httpx2.Timeout(timeout, read=max(timeout, _QUIET)),
        follow_redirects=False,
        trust_env=False,
    )


class Guarded(httpx2.AsyncBaseTransport):
    """Connects through the guard of nodes."""

    def __init__(self, policy: Policy, refused: Refused) -> None:
        self._refused = refused
        self._pool = httpcore2.AsyncConnectionPool(network_backend=GuardedBackend(policy, resolve))

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        wire = httpcore2.Request(
            request.method,
            httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=cast("Any", request.stream),
            extensions=request.extensions,
        )
        try:
            answer = await self._pool.handle_async_request(wire)
        except NodeError as error:
            raise httpx2.ConnectError(error.message) from None
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
            raise httpx2.ConnectError(str(error) or type(error).__name__) from None
        said = {name.lower(): value for name, value in answer.headers}
        if said.get(b"content-encoding", b"identity").lower() != b"identity":
            await answer.aclose()
            raise httpx2.ConnectError("it packs its answer, though it was asked not to")
        if request.method == "POST" and answer.status >= _REDIRECTS:
            began = "mcp-session-id" in request.headers
            self._refused(answer.status, _meaning(answer.status, said.get(b"location", b""), session=began))
        streams = b"text/event-stream" in said.get(b"content-type", b"").lower()
        return httpx2.Response(answer.status, headers=answer.headers, stream=_Body(answer, endless=streams))

    async def aclose(self) -> None:
        await self._pool.aclose()


def _meaning(status: int, location: bytes, *, session: bool) -> str:
    """Of a status that is no success, for who registered the server."""
    if status == HTTPStatus.UNAUTHORIZED:
        return "it wants to know who asks (401): register it with the secret that holds its token; OAuth is not spoken here"
    if status < HTTPStatus.BAD_REQUEST:
        where = seen(location[:_SHOWN].decode("utf-8", "replace"))
        return f"it points to {where or 'another place'} ({status}): redirects are not followed, register the address itself"
    if status == HTTPStatus.NOT_FOUND:
        return "" if session else "there is no MCP server at this address (404)"
    known = {each.value: each.phrase for each in HTTPStatus}
    return f"it answered {status} {known.get(status, '')}".rstrip()


class _Body(httpx2.AsyncByteStream):
    """`endless`: a stream of events, of which only each one has a length."""

    def __init__(self, answer: httpcore2.Response, *, endless: bool) -> None:
        self._answer = answer
        self._endless = endless

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size, last = 0, b""
        try:
            async for piece in self._answer.aiter_stream():
                size += len(piece)
                if self._endless:
                    seen = last + piece
                    ends = [found.end() for found in _END.finditer(seen)]
                    size, last = (len(seen) - ends[-1] if ends else size), seen[-3:]
                if size > LONGEST:
                    raise httpx2.ReadError(f"more than {LONGEST} bytes")
                yield piece
        except (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException) as error:
            raise httpx2.ReadError(str(error) or type(error).__name__) from None

    async def aclose(self) -> None:
        await self._answer.aclose()
