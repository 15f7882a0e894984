"""One connection: how long it may say nothing, and how much of it may be neither a whole head nor a body.

The server below bounds neither: a stranger could fill the memory with headers, or hold every connection that there is by
never finishing one. Bodies, and how long an answer may take, are the business of `middleware.bounds`.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_WITHIN: Final = 10.0  # seconds from the first byte of a request to the end of its headers
LARGEST_HEAD: Final = 64 * 1024  # bytes; the piece in which it begins is not counted
_TOO_LARGE: Final = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    head_within: float = HEAD_WITHIN
    # Whether anything came of the last piece: a request began, its headers ended, a bit of body.
    _understood: bool = False
    _pending: int = 0  # bytes since then
    _due: float = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] # as the one above has it
        super().connection_made(transport)
        self._due = self.loop.time() + self.head_within
        self._hurry()

    def data_received(self, data: bytes) -> None:
        self._understood = False
        super().data_received(data)
        if self._understood:
            self._pending = 0
        else:
            self._wait_for_more(len(data))
        if self._idle:
            self._hurry()

    def _wait_for_more(self, size: int) -> None:
        self._pending += size
        if self._pending > LARGEST_HEAD and not self.transport.is_closing():
            self._hang_up()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._understood = True
        self._due = self.loop.time() + self.head_within

    def on_headers_complete(self) -> None:
        self._understood = True
        super().on_headers_complete()
        if not self.parser.should_upgrade():  # pyright: ignore[reportOptionalMemberAccess] # None after the connection alone
            self.headers = []  # what follows a body is no header of the request: whoever looked at them has done so

    def on_body(self, body: bytes) -> None:
        self._understood = True
        super().on_body(body)

    def on_response_complete(self) -> None:
        self._due = self.loop.time() + self.timeout_keep_alive
        super().on_response_complete()

    @property
    def _idle(self) -> bool:
        """Whether no answer is being made, whose maker would look at the time."""
        return self.cycle is None or self.cycle.response_complete  # pyright: ignore[reportUnnecessaryComparison] # None until the first request

    def _hurry(self) -> None:
        """Whatever comes in meanwhile puts the end off no further. A WebSocket has a protocol, and times, of its own."""
        if self.timeout_keep_alive_task is None and self.transport.get_protocol() is self:
            self.timeout_keep_alive_task = self.loop.call_at(self._due, self.timeout_keep_alive_handler)

    def _hang_up(self) -> None:
        if self._idle:
            self.transport.write(_TOO_LARGE)
        self.transport.close()
