"""What the classes of a framework say and hear on a provider's wire, when they are asked in our words."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from tenuto.sdk.agents import Answer, Ask, Message, Model, ModelSpec
from tenuto.testing.wire import WireServer

ADD: Any = {
    "name": "node_add",
    "description": "Add",
    "parameters": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"]},
}
ASK: Ask = {
    "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Add one and two."}],
    "tools": [ADD],
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"sum": {"type": "integer"}},
    "required": ["sum"],
    "additionalProperties": False,
}
CALLS = [{"tool": "node:add", "arguments": {"a": 1}}, {"tool": "node:add", "arguments": {"a": 2}}]
SCRIPT = [{"text": "Let me add these two numbers, one by one.", "calls": CALLS}, {"data": {"sum": 3}}]
ON_CHANGE = ["openai", "anthropic"]
NIGHTLY = [pytest.param(each, marks=pytest.mark.nightly) for each in ("openai-responses", "bedrock", "ollama")]
every_provider = pytest.mark.parametrize("provider", [*ON_CHANGE, *NIGHTLY])


def spec_for(wire: WireServer, provider: str, http: Callable[[], Any] | None = None) -> ModelSpec:
    address = {"anthropic": wire.anthropic, "bedrock": wire.bedrock}.get(provider, wire.openai)
    if provider == "bedrock":
        return ModelSpec(provider=provider, model="m-5", base_url=address, options={"region": "us-east-1"})
    return ModelSpec(provider=provider, model="m-5", base_url=address, api_key="k", http=http)


def followed(ask: Ask, answer: Answer) -> Ask:
    """The question that follows when all calls of the answer have been made."""
    said: Message = {"role": "assistant", "content": answer["text"], "tool_calls": answer["tool_calls"]}
    if "thinking" in answer:
        said["thinking"] = answer["thinking"]
    answers: list[Message] = [
        {"role": "tool", "content": f"result {call['id']}", "tool_call_id": call["id"]} for call in answer["tool_calls"]
    ]
    return {**ask, "messages": [*ask["messages"], said, *answers]}


class WireCases:
    def make_model(self, spec: ModelSpec) -> Model:
        raise NotImplementedError

    @pytest.fixture(autouse=True)
    def _credentials(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    @every_provider
    async def test_text_comes_in_pieces_and_calls_with_their_arguments(self, provider: str) -> None:
        pieces: list[str] = []

        async with WireServer(SCRIPT) as wire:
            answer = await self.make_model(spec_for(wire, provider)).answer(ASK, pieces.append, key="run/node/model:1")

        assert "".join(pieces) == answer["text"] == SCRIPT[0]["text"]
        assert len(pieces) > 2
        assert [(call["name"], call["arguments"]) for call in answer["tool_calls"]] == [
            ("node_add", {"a": 1}),
            ("node_add", {"a": 2}),
        ]
        assert answer["stop"] == "tools"
        assert answer["model"] == f"{provider}:m-5"
        assert 0 < answer["usage"].get("output_tokens", 0) < answer["usage"].get("tokens", 0)

    @every_provider
    async def test_the_model_is_told_of_the_conversation_and_the_tools(self, provider: str) -> None:
        """Who it is, what it said, what the tools answered, each to its call."""
        async with WireServer(SCRIPT) as wire:
            model = self.make_model(spec_for(wire, provider))
            first = await model.answer(ASK, lambda _: None, key="1")
            await model.answer(followed(ASK, first), lambda _: None, key="2")

        asked = wire.asked[-1].ask
        assert [message["role"] for message in asked["messages"]] == ["system", "user", "assistant", "tool", "tool"]
        assert asked["messages"][0]["content"] == "Be kind."
        made = [call["id"] for call in asked["messages"][2].get("tool_calls", [])]
        assert [message.get("tool_call_id") for message in asked["messages"][3:]] == made
        assert [tool["name"] for tool in asked["tools"]] == ["node_add"]
        assert asked["tools"][0]["parameters"]["required"] == ["a"]

    @every_provider
    async def test_a_schema_reaches_the_model(self, provider: str) -> None:
        """On the wire where it has a place for it, else in words."""
        async with WireServer([{"data": {"sum": 3}}]) as wire:
            ask: Ask = {**ASK, "output": SCHEMA}
            answer = await self.make_model(spec_for(wire, provider)).answer(ask, lambda _: None, key="1")

        assert answer["text"] == '{"sum": 3}'
        assert "sum" in str(wire.asked[0].ask.get("output") or wire.asked[0].ask["messages"][0])

    @pytest.mark.nightly
    async def test_the_keys_of_aws_are_those_of_the_model(self) -> None:
        """A tenant's own come before what the server would find."""
        async with WireServer(SCRIPT) as wire:
            spec = replace(spec_for(wire, "bedrock"), api_key="AKIATENANT:secret-of-the-tenant")
            await self.make_model(spec).answer(ASK, lambda _: None, key="1")

        assert "Credential=AKIATENANT/" in wire.requests[0].headers["authorization"]

    async def test_a_refusal_is_told_once_and_not_repeated_here(self) -> None:
        """The endpoint decides whether it is asked again; its status is there to be read."""
        raised: BaseException | None = None
        async with WireServer([{"error": {"status": 503, "message": "busy", "times": 9}}]) as wire:
            try:
                await self.make_model(spec_for(wire, "openai")).answer(ASK, lambda _: None, key="1")
            except Exception as error:  # noqa: BLE001  each framework has its own
                raised = error

        assert _status(raised) == 503
        assert len(wire.requests) == 1

    async def test_it_speaks_through_the_client_that_it_is_given_and_leaves_it_open(self) -> None:
        """And every question carries its key."""
        seen: list[str] = []

        async def note(request: httpx2.Request) -> None:
            seen.append(request.headers["idempotency-key"])

        async with httpx2.AsyncClient(event_hooks={"request": [note]}) as client, WireServer(["One.", "Two."]) as wire:
            for provider in ("openai", "openai-responses"):
                model = self.make_model(spec_for(wire, provider, lambda: client))
                await model.answer({**ASK, "tools": []}, lambda _: None, key=f"run/node/{provider}")
            open_still = not client.is_closed

        assert seen == ["run/node/openai", "run/node/openai-responses"]
        assert open_still

    async def test_a_picture_is_seen(self) -> None:
        picture = "data:image/png;base64,iVBORw0KGgo="
        message: Message = {
            "role": "user",
            "content": [{"type": "text", "text": "What is it?"}, {"type": "image", "image": picture}],
        }

        async with WireServer(["A picture."]) as wire:
            model = self.make_model(spec_for(wire, "openai"))
            await model.answer({"messages": [message], "tools": []}, lambda _: None, key="1")

        assert "iVBORw0KGgo=" in str(wire.requests[0].json()["messages"])


def _status(error: BaseException | None) -> int | None:
    while error is not None:
        status = getattr(error, "status_code", None)
        if isinstance(status, int):
            return status
        error = error.__cause__
    return None
