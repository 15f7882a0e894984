"""Reading what comes back within bounds: so many bytes as sent, so many when unpacked, and not too many times more.

Unpacking never makes more than one byte above the limit, so that a small body cannot fill the memory.
"""

import zlib
from collections.abc import AsyncIterable
from typing import Final

from tenuto.sdk.errors import NodeError

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_RATIO: Final = 200  # unpacked to packed; only asked beyond the first megabyte
_RATIO_FROM: Final = 1024 * 1024
_PACKED: Final = frozenset({"gzip", "x-gzip", "deflate"})
_AUTO: Final = zlib.MAX_WBITS | 32  # gzip and zlib by their first bytes
_RAW: Final = -zlib.MAX_WBITS


async def read(stream: AsyncIterable[bytes], encoding: str, limit: int = MAX_BYTES) -> bytes:
    """The whole body, unpacked. `NodeError` of type `too_large` beyond the limit, `http` if it cannot be unpacked."""
    unpack = _unpacker(encoding)
    body = bytearray()
    received = 0
    async for chunk in stream:
        received += len(chunk)
        body += unpack.feed(chunk, limit - len(body)) if unpack else chunk
        _refuse_size(len(body), received, limit)
    if unpack and received:
        unpack.finish()
    return bytes(body)


async def beginning(stream: AsyncIterable[bytes], encoding: str, limit: int) -> bytes:
    """How the body begins, unpacked; what cannot be unpacked is nothing. For who only shows it."""
    body = bytearray()
    try:
        unpack = _unpacker(encoding)
        async for chunk in stream:
            body += unpack.feed(chunk, limit - len(body)) if unpack else chunk
            if len(body) >= limit:
                break
    except NodeError:
        return b""
    return bytes(body[:limit])


def refuse_announced(length: str | None, limit: int) -> None:
    """Refuse a body that says beforehand that it is too large."""
    if (
        length is not None and length.isdecimal() and len(length) < 20 and int(length) > limit
    ):  # not a number to count with
        raise too_large(limit)


def too_large(limit: int) -> NodeError:
    return NodeError(f"the answer is larger than {limit / 1048576:g} MB", type="too_large", retry=False)


def _refuse_size(size: int, received: int, limit: int) -> None:
    if size > limit or received > limit:
        raise too_large(limit)
    if size > _RATIO_FROM and size > MAX_RATIO * received:
        raise NodeError(f"the answer unpacks to more than {MAX_RATIO} times its size", type="too_large", retry=False)


def _unpacker(encoding: str) -> "_Unpacker | None":
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return None
    if name not in _PACKED:
        raise NodeError(f"the answer is packed as `{name[:60]}`, which nobody asked for", type="http", retry=False)
    return _Unpacker()


class _Unpacker:
    """Gzip (also several members in a row), zlib and raw deflate."""

    def __init__(self) -> None:
        self._inflate = zlib.decompressobj(_AUTO)
        self._begun = False

    def feed(self, chunk: bytes, room: int) -> bytes:
        """What the chunk unpacks to, but at most one byte more than there is room."""
        made = bytearray()
        while chunk and len(made) <= room:
            if self._inflate.eof:
                self._inflate = zlib.decompressobj(_AUTO)
            made += self._step(chunk, room + 1 - len(made))
            chunk = self._inflate.unconsumed_tail or self._inflate.unused_data
            self._begun = True
        return bytes(made)

    def finish(self) -> None:
        if not self._inflate.eof:
            raise _damaged()

    def _step(self, chunk: bytes, most: int) -> bytes:
        try:
            return self._inflate.decompress(chunk, most)
        except zlib.error:
            if self._begun:
                raise _damaged() from None
        self._inflate = zlib.decompressobj(_RAW)
        try:
            return self._inflate.decompress(chunk, most)
        except zlib.error:
            raise _damaged() from None


def _damaged() -> NodeError:
    return NodeError("the answer ended early or cannot be unpacked", type="connection")
