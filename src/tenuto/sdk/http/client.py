"""One client a host, one view of it a node. Redirects are followed here, so that every hop is checked like the first.

A request has one time limit for everything: resolving, connecting, every redirect, the last byte of the body.
"""

from __future__ import annotations

import asyncio
import json as json_text
from collections.abc import AsyncIterable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

from tenuto.sdk.errors import NodeError
from tenuto.sdk.http import bodies
from tenuto.sdk.http import headers as outgoing
from tenuto.sdk.http.addresses import Network, Policy
from tenuto.sdk.http.response import Response
from tenuto.sdk.http.urls import Query, Target, parse_url

if TYPE_CHECKING:
    from tenuto.sdk.http.transport import Resolve, Transport

MAX_REDIRECTS: Final = 5
DEFAULT_SECONDS: Final = 30.0
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ABSENT: Final[Any] = object()


@dataclass(slots=True)
class _Request:
    method: str
    target: Target
    headers: outgoing.Headers
    body: bytes | None

    @property
    def asked(self) -> str:
        return f"{self.method} {self.target}"

    @property
    def wire_headers(self) -> outgoing.Headers:
        """All that goes out: ours, and those of the caller."""
        headers = [("Host", self.target.authority), *self.headers]
        if self.body is not None or self.method in {"POST", "PUT", "PATCH"}:
            headers.append(("Content-Length", str(len(self.body or b""))))
        return headers


class HttpClient:
    """What a host keeps. Costs nothing until the first request; belongs to the event loop that makes it.

    `allow`: networks beyond the public ones. `own`: where this program listens. `hosts`: names and ports
    that an operator trusts, wherever they are. `resolver`: another way to look names up. `cut`: of a body
    longer than `max_bytes` the beginning is enough.
    """

    def __init__(
        self,
        allow: Iterable[Network] = (),
        *,
        own: Iterable[tuple[str, int]] = (),
        hosts: Iterable[tuple[str, int]] = (),
        resolver: Resolve | None = None,
        max_bytes: int = bodies.MAX_BYTES,
        cut: bool = False,
    ) -> None:
        self._policy = Policy(allow, own, hosts)
        self._resolver = resolver
        self._max_bytes = max_bytes
        self._cut = cut
        self._transport: Transport | None = None

    def view(
        self,
        idempotency_key: str = "",
        hops: int = 0,
        bound: Mapping[str, Iterable[str]] | None = None,
        trace: str = "",
    ) -> Http:
        """The client as one node sees it. `hops`: how many runs led to this one. `bound`: for each secret that the node
        holds and that is for some hosts alone, those hosts. `trace`: the header `traceparent` of what it asks."""
        return Http(self, idempotency_key, hops, bound or {}, trace)

    def check(self, url: str) -> None:
        """`NodeError` where it can be told beforehand, looking nothing up, that this may never be asked."""
        target = parse_url(url)
        if self._policy.forbids(target.host, target.port):
            raise NodeError(f"{target} is no place that may be reached", type="permission", retry=False)

    async def addresses(self, host: str, port: int, usual: Collection[int]) -> list[str]:
        """Where a connection to that host may go."""
        from tenuto.sdk.http.transport import permitted, resolve  # brings the HTTP library

        return await permitted(self._policy, self._resolver or resolve, host, port, usual)

    async def aclose(self) -> None:
        """Close what is kept open."""
        if self._transport is not None:
            await self._transport.aclose()
            self._transport = None

    async def send(self, request: _Request, redirects: int, bound: Mapping[str, Iterable[str]]) -> Response:
        """Send, follow, read."""
        transport = self._ready()
        for _ in range(redirects + 1):
            _refuse_foreign(request, bound)
            try:
                response, location = await self._once(transport, request)
            except transport.ERRORS as error:
                raise _connection_error(error, request) from None
            except NodeError as error:
                raise _placed(error, request) from None
            if location is None or redirects == 0:
                return response
            request = _next(request, response.status, location)
        raise NodeError(f"{request.asked}: redirected more than {redirects} times", type="http", retry=False)

    async def _once(self, transport: Transport, request: _Request) -> tuple[Response, str | None]:
        answer = await transport.send(request.method, request.target, request.wire_headers, request.body)
        try:
            headers = _joined(answer.headers)
            content = b"" if request.method == "HEAD" else await self._read(answer.aiter_stream(), headers)
        finally:
            await answer.aclose()
        location = headers.get("location") if answer.status in _REDIRECTS else None
        return Response(answer.status, headers, content, request.target.url, request.asked), location

    async def _read(self, stream: AsyncIterable[bytes], headers: Mapping[str, str]) -> bytes:
        if self._cut:
            return await bodies.beginning(stream, headers.get("content-encoding", ""), self._max_bytes)
        bodies.refuse_announced(headers.get("content-length"), self._max_bytes)
        return await bodies.read(stream, headers.get("content-encoding", ""), self._max_bytes)

    def _ready(self) -> Transport:
        if self._transport is None:
            from tenuto.sdk.http.transport import Transport  # brings the HTTP library

            self._transport = Transport(self._policy, self._resolver)
        return self._transport


class Http:
    """`ctx.http`. Requests that may change something carry the node's idempotency key, so that a service can drop repeats."""

    __slots__ = ("_bound", "_client", "_hops", "_key", "_trace")

    def __init__(
        self, client: HttpClient, idempotency_key: str, hops: int, bound: Mapping[str, Iterable[str]], trace: str
    ) -> None:
        self._client = client
        self._key = idempotency_key
        self._hops = hops
        self._trace = trace
        self._bound = bound

    def over(self, client: HttpClient) -> Http:
        """The same view of another client, one that may reach what an operator named."""
        return Http(client, self._key, self._hops, self._bound, self._trace)

    async def addresses(self, host: str, port: int, usual: Collection[int]) -> list[str]:
        """For protocols other than HTTP: the addresses of the host that a node may connect to, looked up once. `usual`: the ports
        that are open at public ones. `NodeError` if there is none."""
        return await self._client.addresses(host, port, usual)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Query | None = None,
        json: Any = _ABSENT,
        content: bytes | str | None = None,
        timeout: float = DEFAULT_SECONDS,  # noqa: ASYNC109  one limit for everything, redirects and body included
        redirects: int = MAX_REDIRECTS,
    ) -> Response:
        """Ask and read the whole answer, whatever its status (`response.raise_for_status()` judges it).

        `NodeError` of type `input` (what was asked makes no request), `permission` (an address that nodes may not reach),
        `connection` (worth a retry), `too_large`, or `http` (an answer that makes no sense).
        """
        request = self._request(method, url, headers, query, _body(json, content))
        try:
            async with asyncio.timeout(timeout):
                return await self._client.send(request, min(redirects, MAX_REDIRECTS), self._bound)
        except TimeoutError:
            raise NodeError(f"{request.asked}: no whole answer within {timeout:g} s", type="connection") from None

    async def get(self, url: str, **options: Any) -> Response:
        """`request("GET", ...)`."""
        return await self.request("GET", url, **options)

    async def post(self, url: str, **options: Any) -> Response:
        """`request("POST", ...)`."""
        return await self.request("POST", url, **options)

    def _request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        query: Query | None,
        body: tuple[bytes | None, str],
    ) -> _Request:
        verb = method.upper()
        if verb not in _METHODS:
            raise NodeError(f"`{method[:20]}` is no method of HTTP", type="input", retry=False)
        made = outgoing.checked(headers)
        content, media_type = body
        if media_type:
            outgoing.with_default(made, "Content-Type", media_type)
        if self._key and verb not in _SAFE_METHODS:
            outgoing.with_default(made, "Idempotency-Key", self._key)
        outgoing.with_default(made, "Accept", "*/*")
        outgoing.with_default(made, "Accept-Encoding", "gzip, deflate")
        outgoing.with_default(made, "User-Agent", "tenuto")
        outgoing.with_default(made, outgoing.HOP, str(self._hops + 1))
        if self._trace:
            outgoing.with_default(made, outgoing.TRACE, self._trace)
        return _Request(verb, parse_url(url, query), made, content)


def for_host(host: str, hosts: Iterable[str]) -> bool:
    """Whether what is for these hosts (`example.com`, `*.example.com`) may be sent to that one."""
    return any(host == each or (each[:2] == "*." and host.endswith(each[1:])) for each in hosts)


def _refuse_foreign(request: _Request, bound: Mapping[str, Iterable[str]]) -> None:
    """A node that holds a secret for some hosts alone asks no others: whatever it sends might carry the secret."""
    host = request.target.host.rstrip(".").lower()
    for name, hosts in bound.items():
        if not for_host(host, hosts):
            allowed = ", ".join(hosts)
            message = f"{request.asked}: the secret `{name}` may be sent to {allowed} alone, and this node holds it"
            raise NodeError(message, type="permission", retry=False)


def _body(json: Any, content: bytes | str | None) -> tuple[bytes | None, str]:
    if content is not None:
        return (content, "") if isinstance(content, bytes) else (content.encode(), "text/plain; charset=utf-8")
    if json is _ABSENT:
        return None, ""
    return json_text.dumps(
        json, ensure_ascii=False, separators=(",", ":"), allow_nan=False
    ).encode(), "application/json"


def _next(request: _Request, status: int, location: str) -> _Request:
    """The request that a redirect asks for; its address is checked again when it is connected to."""
    target = _followed(request, location)
    method, body, headers = request.method, request.body, request.headers
    if status == 303 or (status in {301, 302} and method == "POST"):
        method = "HEAD" if method == "HEAD" else "GET"
        body, headers = None, outgoing.without_body(headers)
    if target.origin != request.target.origin:
        headers = outgoing.across_origins(headers)
        if body:
            message = (
                f"{request.asked} redirects its body to {target}, another origin; ask there directly if that is meant"
            )
            raise NodeError(message, type="http", retry=False)
    return _Request(method, target, headers, body)


def _followed(request: _Request, location: str) -> Target:
    try:
        return parse_url(urljoin(request.target.url, location.split("#", 1)[0]))
    except (NodeError, ValueError) as error:
        raise NodeError(f"{request.asked} redirects to no place: {error}", type="http", retry=False) from None


def _joined(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for raw_name, raw_value in headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def _placed(error: NodeError, request: _Request) -> NodeError:
    """The same error, saying which request it was."""
    return NodeError(
        f"{request.asked}: {error.message}", type=error.type, retry=error.retry, retry_after=error.retry_after
    )


def _connection_error(error: Exception, request: _Request) -> NodeError:
    what = str(error).strip().splitlines()[:1] or [type(error).__name__]
    return NodeError(f"{request.asked}: {what[0]}", type="connection")
