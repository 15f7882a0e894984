"""Strangers hold no connection for nothing, and fill no memory with what is no request."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import pytest
from fastapi import FastAPI, Request, Response
from websockets.asyncio.client import connect

from api.live import listening
from tenuto.api.connections import LARGEST_HEAD, Connection
from tenuto.bootstrap.server import Server

BEGUN = b"GET / HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
PIECE = 16 * 1024
ENOUGH = 3 * 1024 * 1024  # a piece may be 256 kB, and what lies in buffers of the system is sent, too


@pytest.fixture
def seen() -> dict[bytes, bytes]:
    """The headers of the last request whose body came to its end."""
    return {}


@pytest.fixture
async def port(seen: dict[bytes, bytes]) -> AsyncGenerator[int]:
    """Of a server that answers whatever it is asked."""
    app = FastAPI()

    async def answer(request: Request) -> Response:
        await request.body()
        seen.update(request.scope["headers"])
        return Response("done")

    app.add_route("/", answer, methods=["GET", "POST"])
    app.state.platform = SimpleNamespace(live=SimpleNamespace(close=lambda: None))
    async with listening(app) as url:
        yield int(url.rpartition(":")[2])


@asynccontextmanager
async def connected(port: int) -> AsyncGenerator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


def headers() -> Iterator[bytes]:
    while True:
        yield b"X-Filler: %s\r\n" % (b"a" * (PIECE - 20))


def one_header() -> Iterator[bytes]:
    yield b"X-Filler: "
    while True:
        yield b"a" * PIECE


def one_path() -> Iterator[bytes]:
    yield b"GET /"
    while True:
        yield b"a" * PIECE


def empty_lines() -> Iterator[bytes]:
    while True:
        yield b"\r\n" * (PIECE // 2)


async def taken(port: int, begun: bytes, pieces: Iterator[bytes]) -> int:
    """How many bytes were taken of it before it was hung up on."""
    sent = 0
    async with connected(port) as (_, writer):
        writer.write(begun)
        with suppress(ConnectionError):
            while sent < ENOUGH:
                writer.write(next(pieces))
                await writer.drain()
                await asyncio.sleep(0)
                sent += PIECE
    return sent


async def hung_up(reader: asyncio.StreamReader) -> bool:
    """Whether nothing comes any more, as far as can be seen in a moment."""
    try:
        return await asyncio.wait_for(reader.read(1), 0.02) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True


class TestSize:
    @pytest.mark.parametrize(
        ("begun", "pieces"),
        [
            pytest.param(BEGUN, headers, id="headers"),
            pytest.param(BEGUN, one_header, id="one header"),
            pytest.param(b"", one_path, id="a path"),
            pytest.param(b"", empty_lines, id="empty lines"),
            pytest.param(CHUNKED + b"0\r\n", headers, id="headers behind a body"),
            pytest.param(CHUNKED + b"5;", one_header, id="a chunk's extension"),
        ],
    )
    async def test_what_has_no_end_is_hung_up_on(self, begun, pieces, port: int):
        """No credential is needed to send it, so it must cost nothing."""
        assert await taken(port, begun, pieces()) < ENOUGH

    async def test_it_is_said_why(self, port: int):
        async with connected(port) as (reader, writer):
            writer.write(BEGUN)
            await writer.drain()
            await asyncio.sleep(0.05)  # in a piece of its own
            for _ in range(5):
                writer.write(b"X-Filler: %s\r\n" % (b"a" * (LARGEST_HEAD // 4)))
                await asyncio.sleep(0.01)

            assert (await reader.readline()).startswith(b"HTTP/1.1 431 ")

    async def test_what_follows_a_body_is_no_header(self, port: int, seen: dict[bytes, bytes]):
        """A proxy in front has not looked at it."""
        async with connected(port) as (reader, writer):
            writer.write(CHUNKED + b"2\r\n{}\r\n0\r\nX-Tenant-Id: other\r\n\r\n")
            await reader.readline()

        assert b"host" in seen
        assert b"x-tenant-id" not in seen


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Connection, "head_within", 0.2)


@pytest.mark.usefixtures("hasty")
class TestTime:
    @pytest.mark.parametrize("said", [b"", b"\r\n", BEGUN], ids=["nothing", "an empty line", "half a head"])
    async def test_who_does_not_come_to_the_point_is_hung_up_on(self, said: bytes, port: int):
        """Though something comes in all the time."""
        async with connected(port) as (reader, writer), asyncio.timeout(5):
            writer.write(said)
            while not await hung_up(reader):
                writer.write(said[:2])

    async def test_who_has_asked_may_ask_again_later(self, port: int):
        async with connected(port) as (reader, writer), asyncio.timeout(5):
            for _ in range(2):
                writer.write(BEGUN + b"\r\n")
                assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
                await reader.readuntil(b"done")
                await asyncio.sleep(0.3)

    async def test_a_websocket_stays(self, app: FastAPI, server: Server):
        async with listening(app) as url, connect(f"{url.replace('http', 'ws')}/v1/ws") as socket:
            await socket.send(f'{{"type": "auth", "token": "{server.token}"}}')
            assert '"ready"' in str(await socket.recv())

            await asyncio.sleep(0.4)

            await socket.send('{"type": "ping"}')
            assert '"pong"' in str(await socket.recv())
