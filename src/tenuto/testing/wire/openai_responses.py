"""OpenAI's responses, as a server speaks them."""

from collections.abc import Iterator
from typing import Any

from tenuto.models.scripted import pieces
from tenuto.sdk.agents import Message
from tenuto.testing.wire.said import Asked, Json, Speech, call, flat, inside, listed, message


def read(body: Json) -> Asked:
    given = body.get("input")
    items: list[Json] = [{"role": "user", "content": given}] if isinstance(given, str) else listed(given)
    head = [message("system", str(body["instructions"]))] if body.get("instructions") else []
    return Asked(
        "responses",
        str(body.get("model")),
        {
            "messages": head + _messages(items),
            "tools": [
                {
                    "name": t.get("name", ""),
                    "description": t.get("description") or "",
                    "parameters": t.get("parameters", {}),
                }
                for t in listed(body.get("tools"))
            ],
            "output": inside(body, "text", "format").get("schema"),
        },
        stream=bool(body.get("stream")),
    )


def whole(speech: Speech, asked: Asked) -> Json:
    return _response(speech, asked, "incomplete" if speech.stop == "length" else "completed", _items(speech))


def events(speech: Speech, asked: Asked) -> Iterator[Json | str]:
    for number, (kind, said) in enumerate(_events(speech, asked)):
        yield {"type": kind, "sequence_number": number} | said


def error(message: str, status: int) -> Json:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": str(status)}}


def _events(speech: Speech, asked: Asked) -> Iterator[tuple[str, Json]]:
    begun = _response(speech, asked, "in_progress", [])
    yield "response.created", {"response": begun}
    yield "response.in_progress", {"response": begun}
    for index, item in enumerate(_items(speech)):
        at: Json = {"output_index": index, "item_id": item["id"]}
        yield "response.output_item.added", {"output_index": index, "item": _empty(item)}
        yield from _text(item, at) if item["type"] == "message" else _arguments(item, at)
        yield "response.output_item.done", {"output_index": index, "item": item}
    done = whole(speech, asked)
    yield f"response.{done['status']}", {"response": done}


def _text(item: Json, at: Json) -> Iterator[tuple[str, Json]]:
    part: Json = item["content"][0]
    at = at | {"content_index": 0}
    yield "response.content_part.added", at | {"part": part | {"text": ""}}
    for piece in pieces(part["text"]):
        yield "response.output_text.delta", at | {"delta": piece, "logprobs": []}
    yield "response.output_text.done", at | {"text": part["text"], "logprobs": []}
    yield "response.content_part.done", at | {"part": part}


def _arguments(item: Json, at: Json) -> Iterator[tuple[str, Json]]:
    whole: str = item["arguments"]
    for start in range(0, len(whole), 16):
        yield "response.function_call_arguments.delta", at | {"delta": whole[start : start + 16]}
    yield "response.function_call_arguments.done", at | {"arguments": whole, "name": item["name"]}


def _items(speech: Speech) -> list[Json]:
    items: list[Json] = []
    if speech.text or not speech.calls:
        part: Json = {"type": "output_text", "text": speech.text, "annotations": [], "logprobs": []}
        items.append({"id": "msg_1", "type": "message", "role": "assistant", "status": "completed", "content": [part]})
    for identity, name, arguments in speech.calls:
        items.append(
            {
                "id": f"fc_{identity}",
                "type": "function_call",
                "call_id": identity,
                "name": name,
                "arguments": arguments,
                "status": "completed",
            }
        )
    return items


def _empty(item: Json) -> Json:
    empty: Json = {"content": []} if item["type"] == "message" else {"arguments": ""}
    return item | empty | {"status": "in_progress"}


def _response(speech: Speech, asked: Asked, status: str, items: list[Json]) -> Json:
    given, taken = speech.usage.get("input_tokens", 0), speech.usage.get("output_tokens", 0)
    usage = {
        "input_tokens": given,
        "input_tokens_details": {"cached_tokens": speech.usage.get("cached_tokens", 0), "cache_write_tokens": 0},
        "output_tokens": taken,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": given + taken,
    }
    return {
        "id": f"resp_{asked.digest}",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "metadata": {},
        "model": asked.model,
        "output": items,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": None if status == "in_progress" else usage,
    }


def _messages(items: list[Json]) -> list[Message]:
    made: list[Message] = []
    for item in items:
        kind: Any = item.get("type", "message")
        if kind == "function_call":
            _add_call(made, item)
        elif kind == "function_call_output":
            made.append(message("tool", flat(item.get("output")), tool_call_id=str(item.get("call_id"))))
        elif kind == "message":
            role: Any = item.get("role")
            made.append(message("system" if role == "developer" else role, flat(item.get("content"))))
    return made


def _add_call(made: list[Message], item: Json) -> None:
    """Calls are items of their own here; they belong to the answer before them."""
    if not made or made[-1]["role"] != "assistant":
        made.append(message("assistant", ""))
    calls = made[-1].setdefault("tool_calls", [])
    calls.append(call(item.get("call_id"), item.get("name"), item.get("arguments")))
