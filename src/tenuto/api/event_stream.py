"""Server-sent events of one run: `id:` is the fact's number, `event:` its type, `data:` the fact.

A delta of a stream has no id. A reader that comes back with `Last-Event-ID` gets every fact once, and what was said since the
last one as a whole, marked as `replayed`.
The stream ends with the run. Who may look is asked again every few seconds.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from tenuto.service.channel import Frame, Piece
from tenuto.service.stream import Reader

MEDIA_TYPE: Final = "text/event-stream"
RECHECK: Final = 2.0  # seconds; what is revoked may be remembered for some more
_OPENING: Final = b"retry: 1000\n\n"  # milliseconds until a browser comes back
_HEARTBEAT: Final = b": still here\n\n"
_HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
}  # proxies pass it on at once

Recheck = Callable[[], Awaitable[bool]]


class EventStream(StreamingResponse):
    """`shown`: which of the things that are not recorded are shown, besides facts. `headers`: more of them. `left`: called when the
    reader has left."""

    def __init__(
        self,
        reader: Reader,
        shown: frozenset[str],
        recheck: Recheck,
        *,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        left: Callable[[], None] | None = None,
    ) -> None:
        super().__init__((), status, {**_HEADERS, **(headers or {})}, MEDIA_TYPE)
        self._reader = reader
        self._shown = shown
        self._wire = f"sse:{','.join(sorted(shown))}"
        self._recheck = recheck
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        pump = asyncio.ensure_future(self._pump(send))
        watch = asyncio.ensure_future(self._watch(receive))
        self._reader.when_dropped(pump.cancel)
        try:
            await asyncio.wait({pump, watch}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pump.cancel()
            watch.cancel()
            ended = await asyncio.gather(pump, watch, return_exceptions=True)
            self._reader.leave()
            if self._left is not None:
                self._left()
        for error in ended:
            if isinstance(error, Exception) and not isinstance(error, OSError):  # OSError: the reader went away
                raise error

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": _OPENING, "more_body": True})
        async with contextlib.aclosing(self._reader.pieces()) as pieces:
            async for piece in pieces:
                text = self._text(piece)
                if text:
                    await send({"type": "http.response.body", "body": text, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _text(self, piece: Piece) -> bytes:
        return piece.text(self._wire, self._written) if piece.frames else _HEARTBEAT

    def _written(self, frames: list[Frame]) -> bytes:
        return b"".join(written(frame) for frame in frames if frame.seq or frame.event in self._shown)

    async def _watch(self, receive: Receive) -> None:
        """Until the reader has gone, or may not look any more."""
        while True:
            try:
                async with asyncio.timeout(RECHECK):
                    message = await receive()
                if message["type"] == "http.disconnect":
                    return
            except TimeoutError:
                if not await self._recheck():
                    return


def written(frame: Frame) -> bytes:
    """JSON has no line breaks of its own, so the data is one line."""
    head = b"id: %d\n" % frame.seq if frame.seq else b""
    return b"%sevent: %s\ndata: %s\n\n" % (head, frame.event.encode(), frame.data)
