"""Every provider's real library, over its own wire, answers in the same words."""

import json
from typing import Any, cast

import pytest

from models.conftest import WIRES, Open
from tenuto.sdk.agents import Answer, Ask, Message, ModelError
from tenuto.testing.models import unheard
from tenuto.testing.wire import WireServer, repeated

SEARCH = {
    "name": "search",
    "description": "Look something up",
    "parameters": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]},
}
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
CLOSED = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}

every_wire = pytest.mark.parametrize("provider", WIRES)


def question(*messages: Message, **more: Any) -> Ask:
    asks: Ask = {"messages": list(messages) or [{"role": "user", "content": "Hello"}], "tools": []}
    asks.update(cast("Ask", more))
    return asks


async def asked(endpoint: Any, ask: Ask, tell: Any = unheard, key: str = "run/node/model:1") -> Answer:
    return await endpoint.guarded(lambda: endpoint.model.answer(ask, tell, key=key))


@every_wire
async def test_a_text_streams_and_is_counted(provider: str, at: Open):
    told: list[str] = []
    script = [
        {
            "text": "An answer of several words, told in pieces.",
            "usage": {"input_tokens": 100, "cached_tokens": 60, "output_tokens": 7},
        }
    ]
    async with WireServer(script) as wire:
        answer = await asked(
            at(provider, wire),
            question({"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}),
            told.append,
        )

    assert answer["text"] == "".join(told) == "An answer of several words, told in pieces."
    assert len(told) > 2
    assert answer["model"] == f"{provider}:m"
    assert answer["stop"] == "end"
    usage = answer["usage"]
    assert (usage.get("input_tokens"), usage.get("cached_tokens"), usage.get("output_tokens"), usage.get("tokens")) == (
        100,
        60,
        7,
        107,
    )
    assert [m["role"] for m in wire.asked[0].ask["messages"]] == ["system", "user"]
    assert wire.log.entries[0].key == "run/node/model:1"


@every_wire
async def test_tools_are_called_side_by_side_and_answered(provider: str, at: Open):
    calls = [{"tool": "search", "arguments": {"q": "one"}}, {"tool": "search", "arguments": {"q": "zwei … 二"}}]
    user: Message = {"role": "user", "content": "Look"}
    async with WireServer([{"text": "I look.", "calls": calls}, "Found."]) as wire:
        endpoint = at(provider, wire)
        first = await asked(endpoint, question(user, tools=[SEARCH]))
        back: list[Message] = [
            user,
            {"role": "assistant", "content": first["text"], "tool_calls": first["tool_calls"]},
            *[{"role": "tool", "content": f"found {c['id']}", "tool_call_id": c["id"]} for c in first["tool_calls"]],
        ]
        second = await asked(endpoint, question(*back, tools=[SEARCH]))

    assert [call["arguments"] for call in first["tool_calls"]] == [{"q": "one"}, {"q": "zwei … 二"}]
    assert [call["name"] for call in first["tool_calls"]] == ["search", "search"]
    assert (first["text"], first["stop"], second["text"]) == ("I look.", "tools", "Found.")
    assert wire.asked[0].ask["tools"] == [SEARCH]
    heard = wire.asked[1].ask["messages"]
    assert [m["role"] for m in heard] == ["user", "assistant", "tool", "tool"]
    assert heard[1].get("tool_calls") == first["tool_calls"]
    assert [m.get("tool_call_id") for m in heard[2:]] == ["call_1_1", "call_1_2"]


@every_wire
async def test_arguments_that_are_no_json_are_told_as_such(provider: str, at: Open):
    async with WireServer(
        [{"calls": [{"tool": "search", "arguments": '{"q": '}, {"tool": "search", "arguments": "[1]"}]}]
    ) as wire:
        answer = await asked(at(provider, wire), question())

    assert [
        "no JSON" in call.get("wrong", "") or "no object" in call.get("wrong", "") for call in answer["tool_calls"]
    ] == [True, True]


@pytest.mark.parametrize(
    ("provider", "model", "by_wire"),
    [
        ("openai", "m", True),
        ("openai-responses", "m", True),
        ("anthropic", "m", True),
        ("bedrock", "global.anthropic.claude-sonnet-5-5", True),
        ("bedrock", "amazon.nova-pro-v1:0", False),
    ],
)
async def test_a_schema_goes_where_the_provider_has_a_place_for_it(provider: str, model: str, by_wire: bool, at: Open):
    async with WireServer([{"data": {"n": 3}}]) as wire:
        answer = await asked(at(provider, wire, model), question(output=CLOSED))

    assert answer["text"] == '{"n": 3}'
    said = str(wire.asked[0].ask["messages"][0]["content"])
    assert bool(wire.asked[0].ask.get("output")) is by_wire
    assert ("fits this JSON Schema" in said) is not by_wire


async def test_a_schema_that_cannot_be_closed_is_said_in_words(at: Open):
    async with WireServer(["{}"]) as wire:
        await asked(at("anthropic", wire), question(output={"type": "object", "additionalProperties": True}))

    assert "fits this JSON Schema" in str(wire.asked[0].ask["messages"][0]["content"])


@every_wire
async def test_empty_messages_are_still_messages(provider: str, at: Open):
    """Providers refuse them empty, each in its own way."""
    said: list[Message] = [{"role": role, "content": ""} for role in ("user", "assistant", "user")]
    async with WireServer({"rules": [{"text": "ok"}]}) as wire:
        await asked(at(provider, wire), question(*said))

    body = json.loads(wire.requests[0].body)
    told = body.get("messages") or body["input"]
    if provider in {"anthropic", "bedrock"}:
        assert all(message["content"] for message in told)
    assert all(message.get("content") is not None for message in told)


@every_wire
async def test_images_are_shown(provider: str, at: Open):
    async with WireServer(["A pixel."]) as wire:
        await asked(
            at(provider, wire),
            question(
                {
                    "role": "user",
                    "content": [{"type": "text", "text": "What is it?"}, {"type": "image", "image": PIXEL}],
                }
            ),
        )

    assert PIXEL.partition(",")[2].encode() in wire.requests[0].body


@every_wire
@pytest.mark.parametrize("image", ["file:///etc/passwd", "data:text/html;base64,AAAA", {"$file": "x"}, 7])
async def test_what_is_no_image_is_refused(provider: str, image: Any, at: Open):
    async with WireServer(["A pixel."]) as wire:
        with pytest.raises(ModelError, match="an image"):
            await asked(at(provider, wire), question({"role": "user", "content": [{"type": "image", "image": image}]}))

    assert not wire.requests


@every_wire
async def test_what_may_help_is_asked_again_with_the_same_key(provider: str, at: Open):
    script = [
        {
            "error": {"status": 429, "message": "slow down", "retry_after": 1, "times": 1},
            "fault": {"kind": "cut", "times": 1},
            "text": "Now it is told whole.",
        }
    ]
    async with WireServer(script) as wire:
        answer = await asked(at(provider, wire), question())

    assert answer["text"] == "Now it is told whole."
    assert [(entry.phase, entry.status) for entry in wire.log.entries][1::2] == [
        ("answered", 429),
        ("answered", 0),
        ("answered", 200),
    ]
    assert {entry.key for entry in wire.log.entries} == {"run/node/model:1"}
    assert repeated(wire.log.entries) == []


@every_wire
@pytest.mark.parametrize(("status", "tries"), [(400, 1), (401, 1), (500, 4)])
async def test_a_refusal_is_told_in_the_providers_words_without_the_key(
    provider: str, status: int, tries: int, at: Open
):
    key = "AKIAEXAMPLE:secret-of-aws" if provider == "bedrock" else "sk-secret-key-123456"
    said = f"your key {key} is not good\nsee the docs"
    async with WireServer([{"error": {"status": status, "message": said}}]) as wire:
        with pytest.raises(ModelError) as error:
            await asked(at(provider, wire), question())

    assert f"{provider}:m answered {status}" in error.value.message
    assert "is not good see the docs" in error.value.message
    assert "secret" not in error.value.message
    assert len(wire.asked) == tries


async def test_thinking_is_given_back_to_the_model_that_thought(at: Open):
    kept = {
        "provider": "anthropic",
        "model": "m",
        "blocks": [{"type": "thinking", "thinking": "…", "signature": "abc"}, {"type": "text", "text": "I look."}],
    }
    said: Message = {"role": "assistant", "content": "I look.", "thinking": kept}
    asks = question({"role": "user", "content": "a"}, said, {"role": "user", "content": "b"})
    async with WireServer({"rules": [{"text": "ok"}]}) as wire:
        await asked(at("anthropic", wire, "m"), asks)
        await asked(at("anthropic", wire, "another"), asks)
        await asked(at("openai", wire, "m"), asks)

    assert [b'"signature":"abc"' in request.body for request in wire.requests] == [True, False, False]


async def test_options_go_with_the_question(at: Open):
    async with WireServer({"rules": [{"text": "ok"}]}) as wire:
        for provider in WIRES:
            endpoint = at(provider, wire, temperature=0.5, timeout=30)
            await asked(endpoint, question(options={"max_tokens": 77}))

    for request in wire.requests:
        assert b"77" in request.body
        assert b"0.5" in request.body
        assert b"timeout" not in request.body
