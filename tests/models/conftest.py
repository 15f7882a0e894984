"""A model of each provider, asked over its own wire by its real library."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tenuto.models.clients import make
from tenuto.models.endpoint import Clock, ModelEndpoint
from tenuto.models.http import HttpClients
from tenuto.sdk.agents import ModelSpec
from tenuto.testing.wire import WireServer

WIRES = ["openai", "openai-responses", "anthropic", "bedrock"]
Open = Callable[..., ModelEndpoint]


@pytest.fixture
async def clients() -> AsyncIterator[HttpClients]:
    made = HttpClients()
    yield made
    await made.aclose()


@pytest.fixture
async def at(clients: HttpClients) -> AsyncIterator[Open]:
    """`at(provider, wire)`: an endpoint that waits for nothing between its attempts."""
    opened: list[Any] = []

    async def no_time(_: float) -> None:
        return

    def open_(provider: str, wire: WireServer, model: str = "m", **options: Any) -> ModelEndpoint:
        spec = ModelSpec(
            provider=provider,
            model=model,
            base_url=wire.openai if provider.startswith("openai") else wire.url,
            api_key="AKIAEXAMPLE:secret-of-aws" if provider == "bedrock" else "sk-secret-key-123456",
            options={"region": "us-east-1", **options} if provider == "bedrock" else options,
            http=clients.open,
        )
        endpoint = ModelEndpoint(spec, make, clock=Clock(sleep=no_time))
        opened.append(endpoint)
        return endpoint

    yield open_
    for endpoint in opened:
        closing = getattr(endpoint.model, "aclose", None)
        if closing is not None:
            await closing()
