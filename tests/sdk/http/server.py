"""A web server of our own on a random port, whose answers a test writes itself."""

import asyncio
import threading
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from tenuto.sdk.http import HttpClient, Response

LOOPBACK = (ip_network("127.0.0.1/32"),)
Answer = Callable[["Seen"], bytes | list[bytes | float]]


class Seen:
    """One request as it arrived."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = first.split(" ", 2)
        self.headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
        }
        self.body = body


class Server:
    """`routes` map a path to an answer: bytes as they go over the wire, or a list of bytes and of pauses in seconds."""

    def __init__(self) -> None:
        self.routes: dict[str, Answer] = {}
        self.seen: list[Seen] = []
        self.port = 0
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(5)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(5)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def _run(self) -> None:
        asyncio.run(self._main())

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._over.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            seen = Seen(head[:-4], b"")
            seen.body = await reader.readexactly(int(seen.headers.get("content-length", 0)))
            self.seen.append(seen)
            answer = self.routes[seen.path.partition("?")[0]](seen)
            for part in answer if isinstance(answer, list) else [answer]:
                if isinstance(part, bytes):
                    writer.write(part)
                    await writer.drain()
                else:
                    await asyncio.sleep(part)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client went away, as some tests want it to
        finally:
            writer.close()


def http(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A whole answer; `content_type="..."` becomes `Content-Type: ...`."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-').title()}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def ask(method: str, url: str, *, key: str = "", client: dict[str, Any] | None = None, **options: Any) -> Response:
    """One request with a client of its own that may reach this machine (unless `client` says otherwise)."""

    async def run() -> Response:
        given: dict[str, Any] = {"allow": LOOPBACK, **(client or {})}
        made = HttpClient(**given)
        try:
            return await made.view(key).request(method, url, **options)
        finally:
            await made.aclose()

    return asyncio.run(run())
