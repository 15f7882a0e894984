"""A JSON body as it is read here: strictly, and no deeper than values of a run may be.

NaN, lone surrogates and broken UTF-8 are no JSON. Whole numbers have 64 bits, as in an expression.
"""

import re
from typing import Any, Final, cast

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Receive

from tenuto.service.aside import aside

DEPTH: Final = 200  # levels; what the heart takes
INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1

_MANY_DIGITS: Final = re.compile(rb"\d{19}")


class JsonRequest(Request):
    """The request that every route of ours is given. `limit`: how many bytes its body may have, where that is less than usual."""

    limit: int | None = None

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            self._body = await _whole(self.receive)
        body = self._body
        if self.limit is not None and len(body) > self.limit:
            raise HTTPException(413, f"the body is larger than {self.limit:,} bytes")
        return body

    async def json(self) -> Any:
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = await aside(len(body) // 10, read_json, body)
        return self._json


async def _whole(receive: Receive) -> bytes:
    """The middleware bounds it. Most bodies come in one piece."""
    pieces: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def read_json(body: bytes) -> Any:
    """The value in the body; `HTTPException` 400 says what is wrong with it."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HTTPException(400, f"the body is not JSON: {error}") from None
    except RecursionError:
        raise _too_deep() from None
    _check(value, body)
    return value


def _check(value: object, body: bytes) -> None:
    """Walk the value only if its text leaves room for what is forbidden: most bodies are small and flat."""
    deep = body.count(b"{") + body.count(b"[") > DEPTH
    if not deep and _MANY_DIGITS.search(body) is None:
        return
    level: list[object] = [value]
    for _ in range(DEPTH + 1):
        if not level:
            return
        level = [inner for outer in level for inner in _inside(outer)]
    raise _too_deep()


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())
    if isinstance(value, list):
        return cast("list[object]", value)
    if isinstance(value, int) and not INT_MIN <= value <= INT_MAX:
        raise HTTPException(400, "the body has a whole number of more than 64 bits; send it as text")
    return []


def _too_deep() -> HTTPException:
    return HTTPException(400, f"the body is nested deeper than {DEPTH} levels")
