"""A receiver of webhooks: a real server on loopback that notes what comes and answers as the test says."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tenuto.service.signatures import Signed, verify

OK = (204, {}, b"")


@dataclass
class Came:
    """One request. `headers` by lower-case name."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        return json.loads(self.body)

    def signed_with(self, secret: str) -> bool:
        """As a receiver would check it."""
        at = float(self.headers["webhook-timestamp"])
        return verify("standard", Signed(self.headers, self.body, at), [secret]) == self.id


@dataclass
class Receiver:
    """`answers`: what the next requests get, then `OK`. `hangs`: no answer while it is set."""

    port: int = 0
    came: list[Came] = field(default_factory=list[Came])
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list[tuple[int, dict[str, str], bytes]])
    always: tuple[int, dict[str, str], bytes] = OK
    hangs: bool = False
    at_once: int = 0
    most_at_once: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    async def until(self, count: int, seconds: float = 15) -> list[Came]:
        async with asyncio.timeout(seconds):
            while len(self.came) < count:  # noqa: ASYNC110  requests come by themselves
                await asyncio.sleep(0.005)
        return self.came

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._one(head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = head.decode("latin-1").split("\r\n")[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.came.append(Came(headers, body))
        try:
            while self.hangs:  # noqa: ASYNC110  the test sets it
                await asyncio.sleep(0.01)
            await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        status, more, content = self.answers.pop(0) if self.answers else self.always
        told = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: {len(content)}\r\n{told}\r\n".encode() + content)
        await writer.drain()


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncGenerator[Receiver]:
    """Until the block is left, and then nobody listens there."""
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        receiver.hangs = False
        server.close()
