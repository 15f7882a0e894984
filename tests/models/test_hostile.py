"""A provider that means no good: every answer ends, none grows without bound, and what comes of it is a `ModelError`."""

import asyncio
import gzip
import tracemalloc
from typing import Any

import pytest

from models.conftest import WIRES, Open
from tenuto.models import hearing
from tenuto.sdk.agents import Ask, ModelError
from tenuto.testing.models import unheard
from tenuto.testing.wire import WireServer

HELLO: Ask = {"messages": [{"role": "user", "content": "Hello"}], "tools": []}


async def asked(endpoint: Any) -> Any:
    async with asyncio.timeout(20):
        return await endpoint.guarded(lambda: endpoint.model.answer(HELLO, unheard, key="k"))


@pytest.mark.parametrize("provider", WIRES)
@pytest.mark.parametrize("fault", ["garbage", "types", "endless", "endless_line", "huge", "cut"])
async def test_a_faulty_answer_is_an_error(provider: str, fault: str, at: Open, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hearing, "LONGEST_TEXT", 200_000)
    monkeypatch.setattr(hearing, "LONGEST_ARGUMENTS", 20_000)
    monkeypatch.setattr("tenuto.models.http.LARGEST", 2_000_000)
    rule = {"text": "A short answer, told in pieces.", "fault": {"kind": fault, "size": 40_000}}
    async with WireServer({"rules": [rule]}) as wire:
        with pytest.raises(ModelError) as error:
            await asked(at(provider, wire))

    assert len(error.value.message) <= 300


@pytest.mark.parametrize("provider", WIRES)
async def test_a_server_that_never_answers_is_left(provider: str, at: Open):
    async with WireServer([{"text": "x", "fault": "hang"}]) as wire:
        endpoint = at(provider, wire, timeout=0.2)
        endpoint.attempts = 1
        with pytest.raises(ModelError, match="in time"):
            await asked(endpoint)


async def test_an_endless_answer_is_not_kept(at: Open):
    async with WireServer([{"text": "x", "fault": "endless"}]) as wire:
        tracemalloc.start()
        with pytest.raises(ModelError, match="speaks on and on"):
            await asked(at("openai", wire))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert peak < 64 * 2**20


async def test_a_packed_answer_is_not_unpacked(at: Open):
    """A few kilobytes of it may be gigabytes."""
    bomb = gzip.compress(b"x" * 10_000_000)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/event-stream\r\nContent-Length: {len(bomb)}\r\n\r\n"
        writer.write(head.encode() + bomb)

    async with served(serve) as port:
        wire = WireServer(["x"], port=port)
        with pytest.raises(ModelError, match="packs its answer"):
            await asked(at("openai", wire))


async def test_a_redirect_takes_no_key_along(at: Open):
    async with WireServer(["Gotcha."]) as elsewhere:

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                f"HTTP/1.1 307 Go\r\nLocation: {elsewhere.openai}/chat/completions\r\nContent-Length: 0\r\n\r\n".encode()
            )

        async with served(serve) as port:
            with pytest.raises(ModelError, match="answered 307"):
                await asked(at("openai", WireServer(["x"], port=port)))

        assert not elsewhere.requests


class served:  # noqa: N801  reads as a word of the test
    def __init__(self, handler: Any) -> None:
        self._handler = handler

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self._handler, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
