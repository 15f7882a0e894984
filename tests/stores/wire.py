"""The way to a server, in a test's hands: a proxy that can be cut at the worst moments."""

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit, urlunsplit


class Wire:
    """`async with Wire(url) as wire`: connect to `wire.url`. What it was told to do, it does to the next that is sent."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._clients: set[asyncio.StreamWriter] = set()
        self.url = ""
        self.open = True  # whether anybody gets through
        self.lose_next = ""  # "question": what a client says next is lost, "answer": what the server answers to it
        self.first_pass = 0  # how many of those get through before
        self.keep_server_side = False  # after a cut, the server goes on thinking that its client is there
        self.cuts = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        user = self._parts.netloc.partition("@")[0]
        self.url = urlunsplit(self._parts._replace(netloc=f"{user}@127.0.0.1:{port}"))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut(self) -> None:
        """Every connection that there is, now."""
        for client in self._clients:
            client.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self.open:
            writer.transport.abort()
            return
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._clients.add(writer)
        there, back = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        inward = asyncio.create_task(self._pass_on(reader, back, "question", writer))
        outward = asyncio.create_task(self._pass_on(there, writer, "answer", writer))
        self._tasks |= {inward, outward}
        await asyncio.wait([inward, outward], return_when=asyncio.FIRST_COMPLETED)
        self._clients.discard(writer)
        writer.transport.abort()
        if self.keep_server_side:
            with suppress(asyncio.CancelledError):  # until the end of the test
                await asyncio.Event().wait()
        back.transport.abort()

    async def _pass_on(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, what: str, client: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                if self.lose_next == what and self.first_pass > 0:
                    self.first_pass -= 1
                elif self.lose_next == what:
                    self.lose_next = ""
                    self.cuts += 1
                    client.transport.abort()
                    return
                sink.write(data)
                await sink.drain()
