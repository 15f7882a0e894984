"""Ids of traces and spans that follow from the run, so that a run has one trace however often its server was restarted.

The header is W3C's: `traceparent: 00-<trace>-<span>-01`.
"""

import hashlib
import re
from typing import Final, NamedTuple

HEADER: Final = "traceparent"
_FORM: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}")


class SpanId(NamedTuple):
    """As integers, which is how the SDK takes them."""

    trace: int
    span: int


def span_of(run: str, path: str = "", attempt: int | None = None) -> SpanId:
    """Of a run, or of a node in it; or of one attempt of the node that failed, which lies within that."""
    said = f"{run}\0{path}\0{'' if attempt is None else attempt}"
    return SpanId(_number(f"trace\0{run}", 16), _number(f"span\0{said}", 8))


def header_of(run: str, path: str = "") -> str:
    """What a request that the node makes says of where it comes from."""
    found = span_of(run, path)
    return f"00-{found.trace:032x}-{found.span:016x}-01"


def read(header: str | None) -> SpanId | None:
    """Of a request that came in; None where it says nothing that counts."""
    match = _FORM.fullmatch(header or "")
    if match is None:
        return None
    found = SpanId(int(match[1], 16), int(match[2], 16))
    return found if found.trace and found.span else None


def _number(text: str, size: int) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:size]) or 1  # 0 means none
