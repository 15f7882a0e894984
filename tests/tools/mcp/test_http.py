"""The way to a server over HTTP, from one that means harm."""

import asyncio
import contextlib
import gzip
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

import httpx2
import pytest

from tenuto.sdk.http.addresses import Policy
from tenuto.tools.mcp.http import LONGEST, make_client

PIECE = 64 * 1024


@asynccontextmanager
async def saying(head: str, pieces: AsyncIterator[bytes]) -> AsyncGenerator[str]:
    """A server that answers with these bytes whatever it is asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            writer.write(f"HTTP/1.1 200 OK\r\nConnection: close\r\n{head}\r\n\r\n".encode())
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
    async with make_client(Policy([ip_network("127.0.0.0/8")]), {}, 10) as client, client.stream("GET", url) as answer:
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


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n"], ids=["newlines", "returns"])
async def test_a_stream_of_events_may_last(end: bytes):
    async with saying("Content-Type: text/event-stream", lines(end)) as url:
        assert await read(url) > LONGEST
