"""Server-sent events, followed over lost connections: each fact once and in order, whatever happens in between."""

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from math import inf
from typing import Any, Final

import httpx2

from tenuto.client.errors import Problem, TenutoError, Unreachable, problem_of
from tenuto.client.shapes import Event, Json
from tenuto.client.transport import Transport, may_ask_again, pause
from tenuto.client.words import Words

OUTAGE: Final = 120.0  # seconds that a server which answered may be away: it stops, is replaced, and starts
PATIENCE: Final = httpx2.Timeout(10.0, read=45.0)  # seconds; the server says something every fifteen


async def follow(
    transport: Transport, path: str, after: int, attempts: int, words: Words | None = None
) -> AsyncGenerator[Event]:
    """From the fact after `after` to the end of the run. `words`: that were heard before. `attempts`: in vain, in a row, before it gives up on a server that
    never spoke; on one that did, it does not before an `OUTAGE`."""
    seen, failed, heard = after, 0, -inf
    words = words or Words()
    while True:
        try:
            async with aclosing(_connection(transport, path, seen)) as events:
                async for event in events:
                    failed, heard = 0, time.monotonic()
                    if event is None:
                        continue
                    if event.seq is not None:
                        if event.seq <= seen:
                            continue
                        if event.seq != seen + 1:
                            break  # something is missing: ask for it
                        seen = event.seq
                    fresh = words.hear(event)
                    if fresh is not None:
                        yield fresh
                    if event.last:
                        return
        except _Over:
            return
        except (httpx2.TransportError, Problem) as error:
            if isinstance(error, Problem) and not may_ask_again(error, safe=True):
                raise
            failed += 1
            if failed >= attempts and time.monotonic() - heard >= OUTAGE:
                raise _given_up(path, error) from error
        await pause(max(failed, 1))


class _Over(Exception):
    """The run has ended, and all of it was seen."""


async def begin(transport: Transport, path: str, body: Json, key: str) -> AsyncGenerator[Event]:
    """What a request that starts a run streams of it, over this one connection."""
    headers = {"Accept": "text/event-stream", "Idempotency-Key": key}
    async with aclosing(_asked(transport, "POST", path, headers=headers, json=body)) as events:
        async for event in events:
            if event is not None:
                yield event


async def _connection(transport: Transport, path: str, seen: int) -> AsyncGenerator[Event | None]:
    headers = {"Accept": "text/event-stream", "Last-Event-ID": str(seen)}
    async with aclosing(_asked(transport, "GET", path, headers=headers)) as events:
        async for event in events:
            yield event


async def _asked(transport: Transport, method: str, path: str, **more: Any) -> AsyncGenerator[Event | None]:
    """None: a heartbeat."""
    async with transport.asker.stream(method, path, timeout=PATIENCE, **more) as answer:
        if answer.status_code == 204:
            raise _Over
        if not answer.is_success:
            await answer.aread()
            raise problem_of(answer)
        async for event in _events(answer.aiter_bytes()):
            yield event


async def _events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[Event | None]:
    """By bytes: in JSON there may be characters that a text reader takes for the end of a line."""
    rest = b""
    async for chunk in chunks:
        *blocks, rest = (rest + chunk).split(b"\n\n")
        for block in blocks:
            if not block.startswith(b"retry:"):
                yield _event(block)


def _event(block: bytes) -> Event | None:
    fields = dict(line.split(b": ", 1) for line in block.split(b"\n") if b": " in line and line[:1] != b":")
    if b"data" not in fields:
        return None
    seq = int(fields[b"id"]) if b"id" in fields else None
    return Event(type=fields[b"event"].decode(), data=json.loads(fields[b"data"]), seq=seq)


def _given_up(path: str, error: Exception) -> TenutoError:
    return error if isinstance(error, Problem) else Unreachable(f"GET {path}: {error or type(error).__name__}")
