"""Content on its way to somebody who may be slow: a piece at a time, so that it is let go of as soon as it was taken.

Whoever takes nothing is hung up on, and nobody has more than so many on their way: each is held in memory.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from fastapi.responses import Response
from starlette.types import Receive, Scope, Send

PIECE: Final = 256 * 1024  # bytes
STALLED: Final = 60.0  # seconds for a piece to be taken


class Download(Response):
    """`left`: called when all of it is gone, or nobody wants it any more."""

    def __init__(self, content: bytes, headers: Mapping[str, str], left: Callable[[], None]) -> None:
        super().__init__(content, headers=dict(headers))
        self._left = left

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive  # nothing depends on how it was asked for
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for at in range(0, len(self.body), PIECE):
                async with asyncio.timeout(STALLED):
                    piece = bytes(self.body[at : at + PIECE])
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            async with asyncio.timeout(STALLED):
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return  # the server closes what has no end
        finally:
            self._left()
