import asyncio
import gc
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from agents.wire_cases import ASK, WireCases
from tenuto.agents.strands.wire import Wire
from tenuto.sdk.agents import Model, ModelSpec


class TestStrandsOnTheWire(WireCases):
    """The classes that Strands has for the providers."""

    def make_model(self, spec: ModelSpec) -> Model:
        return Wire(spec)


class WrongShape(httpx2.AsyncByteStream):
    """A stream that never ends, of events that no client can read."""

    def __init__(self) -> None:
        self.closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b'data: {"id": "1", "choices": [{"index": 0, "delta": null}]}\n\n'

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        self.closed = True


async def test_a_stream_of_the_wrong_shape_is_closed_where_it_fails() -> None:
    """Not by the garbage collector, which would leave tracebacks; the client that it came through stays open."""
    said, left = WrongShape(), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: left.append(context))
    answering = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=said))
    async with httpx2.AsyncClient(transport=answering) as client:
        spec = ModelSpec(provider="openai", model="m-5", base_url="http://there/v1", api_key="k", http=lambda: client)

        with pytest.raises(AttributeError):
            await Wire(spec).answer({**ASK, "tools": []}, lambda _: None, key="1")

        assert (said.closed, client.is_closed) == (True, False)
        gc.collect()
        await asyncio.sleep(0.01)
    assert left == []
