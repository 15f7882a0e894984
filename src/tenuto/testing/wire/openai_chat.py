"""OpenAI's chat completions, as a server speaks them."""

from collections.abc import Iterator
from typing import Any

from tenuto.models.scripted import pieces
from tenuto.sdk.agents import Message, Usage
from tenuto.testing.wire.said import Asked, Json, Speech, call, flat, inside, listed, message

_STOP = {"end": "stop", "tools": "tool_calls", "length": "length", "refused": "content_filter"}


def read(body: Json) -> Asked:
    tools = [inside(each, "function") for each in listed(body.get("tools"))]
    return Asked(
        "chat",
        str(body.get("model")),
        {
            "messages": [_message(each) for each in listed(body.get("messages"))],
            "tools": [
                {
                    "name": t.get("name", ""),
                    "description": t.get("description", ""),
                    "parameters": t.get("parameters", {}),
                }
                for t in tools
            ],
            "output": inside(body, "response_format", "json_schema").get("schema"),
        },
        stream=bool(body.get("stream")),
        usage=bool(inside(body, "stream_options").get("include_usage")),
    )


def whole(speech: Speech, asked: Asked) -> Json:
    said: Json = {"role": "assistant", "content": speech.text or None, "refusal": None}
    if speech.calls:
        said["tool_calls"] = [_call(*each) for each in speech.calls]
    return _head(asked, "chat.completion") | {
        "choices": [{"index": 0, "message": said, "finish_reason": _STOP[speech.stop], "logprobs": None}],
        "usage": _usage(speech.usage),
    }


def events(speech: Speech, asked: Asked) -> Iterator[Json | str]:
    """What the stream says, one after another."""
    yield _chunk(asked, {"role": "assistant", "content": ""})
    for piece in pieces(speech.text):
        yield _chunk(asked, {"content": piece})
    for index, (identity, name, arguments) in enumerate(speech.calls):
        yield _chunk(asked, {"tool_calls": [{"index": index} | _call(identity, name, "")]})
        for start in range(0, len(arguments), 16):
            piece = {"index": index, "function": {"arguments": arguments[start : start + 16]}}
            yield _chunk(asked, {"tool_calls": [piece]})
    yield _chunk(asked, {}, _STOP[speech.stop])
    if asked.usage:
        yield _head(asked, "chat.completion.chunk") | {"choices": [], "usage": _usage(speech.usage)}
    yield "[DONE]"


def error(message: str, status: int) -> Json:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": str(status)}}


def _message(said: Json) -> Message:
    role: Any = said.get("role")
    if role == "tool":
        return message("tool", flat(said.get("content")), tool_call_id=str(said.get("tool_call_id")))
    calls = [
        call(each.get("id"), inside(each, "function").get("name"), inside(each, "function").get("arguments"))
        for each in listed(said.get("tool_calls"))
    ]
    more = {"tool_calls": calls} if calls else {}
    return message("system" if role == "developer" else role, flat(said.get("content")), **more)


def _head(asked: Asked, kind: str) -> Json:
    return {"id": f"chatcmpl-{asked.digest}", "object": kind, "created": 1_700_000_000, "model": asked.model}


def _chunk(asked: Asked, delta: Json, finish: str | None = None) -> Json:
    return _head(asked, "chat.completion.chunk") | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _call(identity: str, name: str, arguments: str) -> Json:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def _usage(usage: Usage) -> Json:
    given, taken = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
    return {
        "prompt_tokens": given,
        "completion_tokens": taken,
        "total_tokens": given + taken,
        "prompt_tokens_details": {"cached_tokens": usage.get("cached_tokens", 0)},
    }
