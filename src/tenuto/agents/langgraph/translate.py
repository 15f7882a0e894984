"""Our words in LangChain's, and its answers in ours."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import uuid4

from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import tool_call

from tenuto.sdk.agents import Answer, Message, ModelSpec, ToolCall, ToolSchema, Usage
from tenuto.sdk.agents.messages import Role, Stop

_ROLES: Final[Mapping[str, Role]] = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}
_NOTHING: Final = "…"  # some providers take no empty message, and it was one
_THINKER: Final = "anthropic"
_THOUGHT: Final = frozenset({"thinking", "redacted_thinking"})
_STOPS: Final[Mapping[str, Stop]] = {
    "length": "length",
    "max_tokens": "length",
    "incomplete": "length",
    "content_filter": "refused",
    "refusal": "refused",
}


def to_langchain(messages: Sequence[Message], spec: ModelSpec) -> list[BaseMessage]:
    """What a model thought is given back to it alone, where its provider wants it."""
    return [_theirs(message, spec) for message in messages]


def tools_of(schemas: Sequence[ToolSchema]) -> list[dict[str, Any]]:
    return [{"type": "function", "function": dict(schema)} for schema in schemas]


def from_langchain(messages: Sequence[BaseMessage]) -> list[Message]:
    return [_ours(message) for message in messages]


def lc_answer(answer: Answer) -> AIMessage:
    """With its data, where a schema was asked for."""
    usage = answer["usage"]
    return AIMessage(
        content=answer["text"],
        id=f"tenuto-{uuid4()}",
        tool_calls=[
            tool_call(id=call["id"], name=call["name"], args=call["arguments"]) for call in answer["tool_calls"]
        ],
        usage_metadata={
            "input_tokens": usage.get("input_tokens", 0),
            "output_tokens": usage.get("output_tokens", 0),
            "total_tokens": usage.get("tokens", 0),
        },
        response_metadata={"model_name": answer["model"]},
        additional_kwargs={"data": answer["data"]} if "data" in answer else {},
    )


def our_answer(message: AIMessage, spec: ModelSpec) -> Answer:
    calls = _calls(message)
    answer: Answer = {
        "text": str(message.text),
        "tool_calls": calls,
        "usage": usage_of(message),
        "model": spec.name,
        "stop": "tools" if calls else _stop(message),
    }
    thought = _thought(message, calls) if spec.provider == _THINKER else None
    return {**answer, "thinking": {**_whose(spec), "blocks": thought}} if thought else answer


def usage_of(message: AIMessage) -> Usage:
    told = message.usage_metadata
    if told is None:
        return {}
    counted: Usage = {"input_tokens": told["input_tokens"], "output_tokens": told["output_tokens"]}
    details = told.get("input_token_details") or {}
    if cached := details.get("cache_read"):
        counted["cached_tokens"] = cached
    if written := details.get("cache_creation"):
        counted["written_tokens"] = written
    return {**counted, "tokens": told["total_tokens"]}


# --- ours


def _theirs(message: Message, spec: ModelSpec) -> BaseMessage:
    role, content = message["role"], message["content"]
    if role == "system":
        return SystemMessage(_text(message))
    if role == "tool":
        return ToolMessage(_text(message), tool_call_id=message.get("tool_call_id", ""))
    if role == "assistant":
        return _said(message, spec)
    if isinstance(content, str):
        return HumanMessage(content or _NOTHING)
    return HumanMessage(cast("Any", [_part(cast("dict[str, Any]", part)) for part in content] or _NOTHING))


def _said(message: Message, spec: ModelSpec) -> BaseMessage:
    calls = [
        tool_call(id=call["id"], name=call["name"], args=call["arguments"]) for call in message.get("tool_calls", [])
    ]
    kept = message.get("thinking")
    given = cast("dict[str, Any]", kept) if isinstance(kept, dict) else {}
    mine = spec.provider == _THINKER and _whose(spec).items() <= given.items()
    text = _text(message) or ("" if calls else _NOTHING)
    return AIMessage(content=given.get("blocks", []) if mine else text, tool_calls=calls)


def _whose(spec: ModelSpec) -> dict[str, str]:
    return {"provider": spec.provider, "model": spec.model}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "image":
        return {"type": "image_url", "image_url": {"url": part["image"]}}
    return {"type": "text", "text": part["text"]}


def _text(message: Message) -> str:
    content = message["content"]
    if isinstance(content, str):
        return content
    return "\n".join(part["text"] for part in content if part["type"] == "text")


# --- LangChain's


def _ours(message: BaseMessage) -> Message:
    role = _ROLES.get(message.type, "user")
    said: Message = {"role": role, "content": cast("Any", _content(message))}
    if isinstance(message, AIMessage) and message.tool_calls:
        said["tool_calls"] = _calls(message)
    if isinstance(message, ToolMessage):
        said["tool_call_id"] = message.tool_call_id
    return said


def _content(message: BaseMessage) -> str | list[dict[str, Any]]:
    """Text, with pictures where there are some."""
    pictures = [block for block in _blocks(message) if block.get("type") == "image_url"]
    if not pictures:
        return str(message.text)
    images = [{"type": "image", "image": _url(picture["image_url"])} for picture in pictures]
    return [{"type": "text", "text": str(message.text)}, *images]


def _calls(message: AIMessage) -> list[ToolCall]:
    """Also those whose arguments are no JSON: the model is told, not the run failed."""
    if isinstance(message, AIMessageChunk) and message.tool_call_chunks:
        return [_call(chunk["id"], chunk["name"], chunk["args"]) for chunk in message.tool_call_chunks]
    return [{"id": call["id"] or "", "name": call["name"], "arguments": call["args"]} for call in message.tool_calls]


def _call(id: str | None, name: str | None, said: str | None) -> ToolCall:  # noqa: A002  as on the wire
    """LangChain itself would complete arguments that broke off in the middle, and call the tool with half of them."""
    call: ToolCall = {"id": id or "", "name": name or "", "arguments": {}}
    try:
        arguments = json.loads(said or "{}")
    except (ValueError, RecursionError) as error:
        return {**call, "wrong": f"they are no JSON ({error})"}
    if not isinstance(arguments, dict):
        return {**call, "wrong": "they are no JSON object"}
    return {**call, "arguments": cast("dict[str, Any]", arguments)}


def _stop(message: AIMessage) -> Stop:
    about = message.response_metadata
    return _STOPS.get(str(about.get("finish_reason") or about.get("stop_reason") or about.get("status") or ""), "end")


def _url(said: Any) -> Any:
    return cast("dict[str, Any]", said)["url"] if isinstance(said, dict) else said


def _blocks(message: BaseMessage) -> list[dict[str, Any]]:
    content = cast("list[Any]", message.content) if isinstance(message.content, list) else []
    return [cast("dict[str, Any]", block) for block in content if isinstance(block, dict)]


def _thought(message: AIMessage, calls: Sequence[ToolCall]) -> list[dict[str, Any]]:
    """All blocks as they came, if some of them are thinking. Where they stood in the stream is of no matter."""
    blocks = [{key: value for key, value in block.items() if key != "index"} for block in _blocks(message)]
    if not any(block.get("type") in _THOUGHT for block in blocks):
        return []
    made = {call["id"]: call for call in calls}
    return [_call_block(made[block["id"]]) if block.get("id") in made else block for block in blocks]


def _call_block(call: ToolCall) -> dict[str, Any]:
    return {"type": "tool_use", "id": call["id"], "name": call["name"], "input": call["arguments"]}
