"""Answers that no client should have to meet, and every client meets."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, cast

from tenuto.testing.wire.http import Response

_JSON = {"Content-Type": "application/json"}
_EVENTS = {"Content-Type": "text/event-stream"}
_A_DAY = 86_400.0
_NONSENSE: Mapping[str, Any] = {
    "id": 7,
    "choices": "many",
    "output": 3,
    "content": {"a": 1},
    "usage": [],
    "type": ["x"],
    "stop_reason": 5,
    "status": {},
}


def fault_of(answer: Mapping[str, Any]) -> dict[str, Any]:
    """`{kind, times?, seconds?}`; without `kind` there is none."""
    given: Any = answer.get("fault")
    if isinstance(given, str):
        return {"kind": given}
    return cast("dict[str, Any]", given) if isinstance(given, dict) else {}


async def faulty(fault: Mapping[str, Any], answer: Response, *, stream: bool) -> Response:
    """The answer as the fault makes it."""
    kind = fault.get("kind")
    if kind == "slow":
        await asyncio.sleep(float(fault.get("seconds", 1)))
    elif kind == "hang":
        await asyncio.sleep(_A_DAY)
    elif kind == "cut":
        answer.cut = True
        answer.body = answer.body if isinstance(answer.body, bytes) else _half(answer.body)
    elif kind in {"garbage", "types"}:
        text = "{this is no JSON" if kind == "garbage" else json.dumps(_NONSENSE)
        return (
            Response(200, _stream(f"data: {text}\n\n".encode()), _EVENTS)
            if stream
            else Response(200, text.encode(), _JSON)
        )
    elif kind in {"endless", "endless_line"}:
        return Response(200, _endless(lines=kind == "endless"), _EVENTS if stream else _JSON)
    return answer


async def _half(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    whole = [piece async for piece in pieces]
    for piece in whole[: len(whole) // 2]:
        yield piece


async def _stream(text: bytes) -> AsyncIterator[bytes]:
    yield text


async def _endless(*, lines: bool) -> AsyncIterator[bytes]:
    chunk = {
        "id": "x",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": {"content": "word " * 2_000}}],
    }
    piece = f"data: {json.dumps(chunk)}\n\n".encode() if lines else b"data: " + b"x" * 65_536
    while True:
        yield piece
        piece = piece if lines else b"x" * 65_536
