"""As much of HTTP/1.1 as a scripted provider needs: a request read whole, an answer whole or in chunks."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

_LARGEST: Final = 64 * 1024 * 1024


@dataclass(slots=True, frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    version: str = "HTTP/1.1"

    @property
    def last(self) -> bool:
        """Whether who asks expects the connection to end with the answer."""
        return self.version == "HTTP/1.0" or self.headers.get("connection", "").lower() == "close"

    def json(self) -> dict[str, Any]:
        """The body as an object; empty where it is none."""
        try:
            value = json.loads(self.body)
        except ValueError:
            return {}
        return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


@dataclass(slots=True)
class Response:
    """`body`: whole, or pieces that are sent as they come. `cut`: the connection ends after it, without the end of the answer."""

    status: int
    body: bytes | AsyncIterator[bytes]
    headers: Mapping[str, str]
    cut: bool = False


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """None: nobody asks any more."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        return None
    first, *lines = head.split("\r\n")
    method, path, version = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
    }
    length = min(int(headers.get("content-length", "0")), _LARGEST)
    body = await reader.readexactly(length) if length else b""
    return Request(method, path, headers, body, version)


async def write_response(writer: asyncio.StreamWriter, response: Response) -> None:
    phrase = HTTPStatus(response.status).phrase
    whole = isinstance(response.body, bytes)
    size = (
        {"Content-Length": str(len(response.body))}
        if isinstance(response.body, bytes)
        else {"Transfer-Encoding": "chunked"}
    )
    lines = [f"HTTP/1.1 {response.status} {phrase}", *(f"{k}: {v}" for k, v in {**response.headers, **size}.items())]
    writer.write("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n")
    if whole:
        body = cast("bytes", response.body)
        writer.write(body[: len(body) // 2] if response.cut else body)
    else:
        await _write_chunks(writer, cast("AsyncIterator[bytes]", response.body), cut=response.cut)
    await writer.drain()


async def _write_chunks(writer: asyncio.StreamWriter, pieces: AsyncIterator[bytes], *, cut: bool) -> None:
    async for piece in pieces:
        writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        await writer.drain()
    if not cut:
        writer.write(b"0\r\n\r\n")
