"""Anthropic's messages, as a server speaks them."""

import json
from collections.abc import Iterator
from typing import Any

from tenuto.models.scripted import pieces
from tenuto.sdk.agents import Message, Usage
from tenuto.testing.wire.said import Asked, Json, Speech, call, flat, inside, listed, message

_STOP = {"end": "end_turn", "tools": "tool_use", "length": "max_tokens", "refused": "refusal"}
_KINDS = {400: "invalid_request_error", 401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


def read(body: Json) -> Asked:
    system = [message("system", flat(body["system"]))] if body.get("system") else []
    return Asked(
        "messages",
        str(body.get("model")),
        {
            "messages": system + [made for each in listed(body.get("messages")) for made in _messages(each)],
            "tools": [
                {
                    "name": t.get("name", ""),
                    "description": t.get("description", ""),
                    "parameters": t.get("input_schema", {}),
                }
                for t in listed(body.get("tools"))
            ],
            "output": inside(body, "output_config", "format").get("schema"),
        },
        stream=bool(body.get("stream")),
    )


def whole(speech: Speech, asked: Asked) -> Json:
    return _head(asked) | {
        "content": _blocks(speech),
        "stop_reason": _STOP[speech.stop],
        "usage": _usage(speech.usage),
    }


def events(speech: Speech, asked: Asked) -> Iterator[Json | str]:
    begun: Json = _head(asked) | {
        "content": [],
        "stop_reason": None,
        "usage": _usage(speech.usage) | {"output_tokens": 1},
    }
    yield {"type": "message_start", "message": begun}
    for index, block in enumerate(_blocks(speech)):
        text = block["type"] == "text"
        yield {
            "type": "content_block_start",
            "index": index,
            "content_block": block | ({"text": ""} if text else {"input": {}}),
        }
        for delta in _text(block["text"]) if text else _arguments(speech, block["id"]):
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": _STOP[speech.stop], "stop_sequence": None},
        "usage": _usage(speech.usage),
    }
    yield {"type": "message_stop"}


def error(message: str, status: int) -> Json:
    return {"type": "error", "error": {"type": _KINDS.get(status, "api_error"), "message": message}}


def _text(text: str) -> Iterator[Json]:
    for piece in pieces(text):
        yield {"type": "text_delta", "text": piece}


def _arguments(speech: Speech, identity: str) -> Iterator[Json]:
    """As they are, though they may be no JSON."""
    arguments = next(arguments for i, _, arguments in speech.calls if i == identity)
    for start in range(0, len(arguments), 16):
        yield {"type": "input_json_delta", "partial_json": arguments[start : start + 16]}


def _blocks(speech: Speech) -> list[Json]:
    blocks: list[Json] = [{"type": "text", "text": speech.text, "citations": None}] if speech.text else []
    for identity, name, arguments in speech.calls:
        blocks.append(
            {
                "type": "tool_use",
                "id": identity,
                "name": name,
                "input": _object(arguments),
                "caller": {"type": "direct"},
            }
        )
    return blocks


def _object(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return {}


def _head(asked: Asked) -> Json:
    return {
        "id": f"msg_{asked.digest}",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "stop_sequence": None,
    }


def _usage(usage: Usage) -> Json:
    """What was kept counts beside the input here, not within it."""
    cached, written = usage.get("cached_tokens", 0), usage.get("written_tokens", 0)
    return {
        "input_tokens": usage.get("input_tokens", 0) - cached - written,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
        "output_tokens": usage.get("output_tokens", 0),
    }


def _messages(said: Json) -> Iterator[Message]:
    content = said.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else listed(content)
    for block in blocks:
        if block.get("type") == "tool_result":
            yield message("tool", flat(block.get("content")), tool_call_id=str(block.get("tool_use_id")))
    plain = [block for block in blocks if block.get("type") not in {"tool_result", "tool_use", "thinking"}]
    calls = [call(b.get("id"), b.get("name"), b.get("input")) for b in blocks if b.get("type") == "tool_use"]
    if plain or calls:
        yield message(said.get("role"), flat(plain), **({"tool_calls": calls} if calls else {}))
