"""The way to a server over HTTP, from one that means harm."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from ipaddress import ip_network

import httpx2
import pytest

from tenuto.ports.mcp import McpServer, Place, Unreachable
from tenuto.sdk.http.addresses import Policy
from tenuto.tools.mcp import Connections
from tenuto.tools.mcp.http import LONGEST, make_client

PIECE = 64 * 1024


class NoSecrets:
    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        raise KeyError(name)


@asynccontextmanager
async def saying(head: str, pieces: AsyncIterator[bytes], status: str = "200 OK") -> AsyncGenerator[str]:
    """A server that answers with these bytes whatever it is asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            writer.write(f"HTTP/1.1 {status}\r\nConnection: close\r\n{head}\r\n\r\n".encode())
            async for piece in pieces:
                writer.write(piece)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"


async def read(url: str) -> int:
    """How much of the answer is taken in."""
    size = 0
    async with (
        make_client(Policy([ip_network("127.0.0.0/8")]), {}, 10, print) as client,
        client.stream("GET", url) as answer,
    ):
        async for piece in answer.aiter_bytes():
            size += len(piece)
    return size


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def lines(end: bytes) -> AsyncIterator[bytes]:
    """Twice as much as there may be."""
    line = b"data: " + b"a" * 1_000 + end
    for _ in range(2 * LONGEST // PIECE):
        yield line * (PIECE // len(line))


async def test_what_is_packed_is_not_unpacked():
    """SECURITY 46: ten thousand times the size, in a few bytes."""
    bomb = gzip.compress(b"0" * 10_000_000)

    async with saying("Content-Type: application/json\r\nContent-Encoding: gzip", once(bomb)) as url:
        with pytest.raises(httpx2.ConnectError, match="packs"):
            await read(url)


async def test_an_event_without_an_end_is_not_read():
    """However many lines it has: whoever reads them waits for the empty one."""
    async with saying("Content-Type: text/event-stream", lines(b"\n")) as url:
        with pytest.raises(httpx2.ReadError, match="more than"):
            await read(url)


@pytest.mark.parametrize(
    ("status", "head", "said"),
    [
        ("401 Unauthorized", 'WWW-Authenticate: Bearer resource_metadata="http://127.0.0.1/"', "the secret that holds"),
        ("307 Temporary Redirect", "Location: http://169.254.169.254/", "it points to http://169.254.169.254/ (307)"),
        ("404 Not Found", "X-A: b", "there is no MCP server at this address (404)"),
        ("500 Internal Server Error", "X-A: b", "it answered 500 Internal Server Error"),
        ("599 Own", "X-A: b", "it answered 599"),
    ],
    ids=["unauthorized", "redirect", "not-found", "error", "own"],
)
async def test_a_server_that_does_not_let_us_in_is_reported_in_its_own_terms(status: str, head: str, said: str):
    """Nobody is followed anywhere, and nobody is asked for a proof elsewhere."""
    server = McpServer(name="odd", url="")
    connections = Connections(NoSecrets(), [ip_network("127.0.0.0/8")])

    async with saying(f"Content-Length: 0\r\n{head}", once(b""), status) as url:
        with pytest.raises(Unreachable) as caught:
            await connections.tools(replace(server, url=url), Place("default", "dev"))
    await connections.aclose()

    assert said in caught.value.message


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"], ids=["newlines", "returns"])
async def test_a_stream_of_events_may_last(end: bytes):
    async with saying("Content-Type: text/event-stream", lines(end)) as url:
        assert await read(url) > LONGEST
