from typing import Any

import httpx2
import pytest

from tenuto.sdk.agents import Ask, ModelSpec
from tenuto.sdk.agents.clients import client_arguments, closed_schema, request_options

ASK: Ask = {"messages": [], "tools": [], "options": {"temperature": 0.1, "top_p": None}}


class TestClientArguments:
    def test_the_address_is_said_in_any_case(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The libraries would take it from the environment, and send a tenant's key there."""
        monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example/v1")

        given = client_arguments(ModelSpec(provider="openai", model="m", api_key="k"), "run/node/model:1")

        assert given["base_url"] == "https://api.openai.com/v1"
        assert given["max_retries"] == 0
        assert given["default_headers"] == {"Idempotency-Key": "run/node/model:1"}

    async def test_a_client_that_is_lent_stays_open(self) -> None:
        async with httpx2.AsyncClient() as client:
            lent = client_arguments(ModelSpec(provider="openai", model="m", http=lambda: client), "1")["http_client"]
            await lent.aclose()

            assert isinstance(lent, httpx2.AsyncClient)
            assert not client.is_closed


class TestRequestOptions:
    @pytest.mark.parametrize(
        ("provider", "base_url", "name"),
        [
            ("openai", None, "max_completion_tokens"),
            ("openai", "http://127.0.0.1:8000/v1", "max_tokens"),
            ("openai-responses", None, "max_output_tokens"),
            ("anthropic", None, "max_tokens"),
        ],
    )
    def test_options_go_under_the_names_of_the_wire(self, provider: str, base_url: str | None, name: str) -> None:
        """Those of the question come over those of the model; ours stay here."""
        options: dict[str, Any] = {"max_tokens": 9, "temperature": 0.9, "timeout": 3, "region": "eu-west-1"}
        spec = ModelSpec(provider=provider, model="m", base_url=base_url, options=options)

        assert request_options(spec, ASK) == {name: 9, "temperature": 0.1}


class TestClosedSchema:
    def test_an_object_that_may_have_any_key_is_not_closed(self) -> None:
        """Closing it would leave nothing that fits."""
        assert closed_schema({"type": "object"}) is None
        assert closed_schema({"type": "array", "items": {"type": "object", "properties": {}}}) is None
