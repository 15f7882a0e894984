"""Bedrock's converse, as a server speaks it; its streams are frames of AWS's own."""

import json
import zlib
from collections.abc import Iterator
from struct import pack
from typing import Any
from urllib.parse import unquote

from tenuto.models.scripted import pieces
from tenuto.sdk.agents import Message, Usage
from tenuto.testing.wire.said import Asked, Json, Speech, call, flat, inside, listed, message

_STOP = {"end": "end_turn", "tools": "tool_use", "length": "max_tokens", "refused": "content_filtered"}


def read(body: Json, path: str) -> Asked:
    """`/model/<id>/converse` or `/model/<id>/converse-stream`."""
    _, _, model, action = path.split("/", 3)
    specs = [inside(each, "toolSpec") for each in listed(inside(body, "toolConfig").get("tools"))]
    schema: Any = inside(body, "outputConfig", "textFormat", "structure", "jsonSchema").get("schema")
    system = [message("system", flat(body["system"]))] if body.get("system") else []
    return Asked(
        "converse",
        unquote(model),
        {
            "messages": system + [made for each in listed(body.get("messages")) for made in _messages(each)],
            "tools": [
                {
                    "name": s.get("name", ""),
                    "description": s.get("description", ""),
                    "parameters": inside(s, "inputSchema", "json"),
                }
                for s in specs
            ],
            "output": json.loads(schema) if schema else None,
        },
        stream=action == "converse-stream",
    )


def whole(speech: Speech, asked: Asked) -> Json:
    del asked
    content: list[Json] = [{"text": speech.text}] if speech.text else []
    for identity, name, arguments in speech.calls:
        content.append({"toolUse": {"toolUseId": identity, "name": name, "input": json.loads(arguments)}})
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": _STOP[speech.stop],
        "usage": _usage(speech.usage),
        "metrics": {"latencyMs": 1},
    }


def frames(speech: Speech, asked: Asked) -> Iterator[bytes]:
    del asked
    yield frame("messageStart", {"role": "assistant"})
    index = 0
    if speech.text:
        for piece in pieces(speech.text):
            yield frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}})
        yield frame("contentBlockStop", {"contentBlockIndex": 0})
        index = 1
    for at, (identity, name, arguments) in enumerate(speech.calls, index):
        start = {"toolUse": {"toolUseId": identity, "name": name}}
        yield frame("contentBlockStart", {"contentBlockIndex": at, "start": start})
        for begin in range(0, len(arguments), 16):
            delta = {"toolUse": {"input": arguments[begin : begin + 16]}}
            yield frame("contentBlockDelta", {"contentBlockIndex": at, "delta": delta})
        yield frame("contentBlockStop", {"contentBlockIndex": at})
    yield frame("messageStop", {"stopReason": _STOP[speech.stop]})
    yield frame("metadata", {"usage": _usage(speech.usage), "metrics": {"latencyMs": 1}})


def frame(kind: str, payload: Json) -> bytes:
    """One event: a prelude with its check sum, headers, the payload, a check sum of all."""
    told = {":message-type": "event", ":event-type": kind, ":content-type": "application/json"}
    headers = b"".join(
        pack("!B", len(name)) + name.encode() + b"\x07" + pack("!H", len(value)) + value.encode()
        for name, value in told.items()
    )
    body = json.dumps(payload).encode()
    prelude = pack("!II", 16 + len(headers) + len(body), len(headers))
    prelude += pack("!I", zlib.crc32(prelude))
    whole = prelude + headers + body
    return whole + pack("!I", zlib.crc32(whole))


def error(text: str, status: int) -> Json:
    del status
    return {"message": text}


def _usage(usage: Usage) -> Json:
    """As Anthropic counts: what was kept is beside the input."""
    cached, written = usage.get("cached_tokens", 0), usage.get("written_tokens", 0)
    given, taken = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
    return {
        "inputTokens": given - cached - written,
        "outputTokens": taken,
        "totalTokens": given + taken,
        "cacheReadInputTokens": cached,
        "cacheWriteInputTokens": written,
    }


def _messages(said: Json) -> Iterator[Message]:
    blocks = listed(said.get("content"))
    for block in blocks:
        if "toolResult" in block:
            result: Json = block["toolResult"]
            yield message("tool", flat(result.get("content")), tool_call_id=str(result.get("toolUseId")))
    uses: list[Any] = [block["toolUse"] for block in blocks if "toolUse" in block]
    texts = [block for block in blocks if "text" in block or "image" in block]
    if texts or uses:
        calls = [call(use.get("toolUseId"), use.get("name"), use.get("input")) for use in uses]
        yield message(said.get("role"), flat(texts), **({"tool_calls": calls} if calls else {}))
