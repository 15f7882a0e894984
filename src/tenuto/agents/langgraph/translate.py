"""Our words in LangChain's, and its answers in ours."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import tool_call

from tenuto.sdk.agents import Answer, Message, ToolCall, ToolSchema, Usage
from tenuto.sdk.agents.messages import Stop

_THOUGHT: Final = frozenset({"thinking", "redacted_thinking"})
_STOPS: Final[Mapping[str, Stop]] = {
    "length": "length",
    "max_tokens": "length",
    "incomplete": "length",
    "content_filter": "refused",
    "refusal": "refused",
}


def to_langchain(messages: Sequence[Message], *, thinking: bool) -> list[BaseMessage]:
    """`thinking`: whether the provider wants back what it thought."""
    return [_TRANSLATED[message["role"]](message, thinking) for message in messages]


def tools_of(schemas: Sequence[ToolSchema]) -> list[dict[str, Any]]:
    return [{"type": "function", "function": dict(schema)} for schema in schemas]


def our_answer(message: AIMessage, model: str) -> Answer:
    calls = _calls(message)
    answer: Answer = {
        "text": str(message.text),
        "tool_calls": calls,
        "usage": usage_of(message),
        "model": model,
        "stop": "tools" if calls else _stop(message),
    }
    thought = [_without_index(block) for block in _blocks(message) if block.get("type") in _THOUGHT]
    return {**answer, "thinking": thought} if thought else answer


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


def _system(message: Message, thinking: bool) -> BaseMessage:  # noqa: FBT001  one of a table
    del thinking
    return SystemMessage(_text(message))


def _user(message: Message, thinking: bool) -> BaseMessage:  # noqa: FBT001  as above
    del thinking
    content = message["content"]
    if isinstance(content, str):
        return HumanMessage(content)
    return HumanMessage(cast("Any", [_part(cast("dict[str, Any]", part)) for part in content]))


def _assistant(message: Message, thinking: bool) -> BaseMessage:  # noqa: FBT001  as above
    calls = [
        tool_call(id=call["id"], name=call["name"], args=call["arguments"]) for call in message.get("tool_calls", [])
    ]
    text = _text(message)
    thought = message.get("thinking")
    if thinking and isinstance(thought, list) and thought:
        said: list[Any] = [*cast("list[Any]", thought), *([{"type": "text", "text": text}] if text else [])]
        return AIMessage(content=said, tool_calls=calls)
    return AIMessage(content=text, tool_calls=calls)


def _tool(message: Message, thinking: bool) -> BaseMessage:  # noqa: FBT001  as above
    del thinking
    return ToolMessage(_text(message), tool_call_id=message.get("tool_call_id", ""))


_TRANSLATED: Final = {"system": _system, "user": _user, "assistant": _assistant, "tool": _tool}


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


def _calls(message: AIMessage) -> list[ToolCall]:
    """Also those whose arguments are no JSON: the model is told, not the run failed."""
    calls: list[ToolCall] = [
        {"id": call["id"] or "", "name": call["name"], "arguments": call["args"]} for call in message.tool_calls
    ]
    for call in message.invalid_tool_calls:
        why = "they are no JSON object"
        calls.append({"id": call["id"] or "", "name": call["name"] or "", "arguments": {}, "wrong": why})
    return calls


def _stop(message: AIMessage) -> Stop:
    about = message.response_metadata
    return _STOPS.get(str(about.get("finish_reason") or about.get("stop_reason") or about.get("status") or ""), "end")


def _blocks(message: AIMessage) -> list[dict[str, Any]]:
    content = cast("list[Any]", message.content) if isinstance(message.content, list) else []
    return [cast("dict[str, Any]", block) for block in content if isinstance(block, dict)]


def _without_index(block: Mapping[str, Any]) -> dict[str, Any]:
    """Where it stood in the stream is of no matter."""
    return {key: value for key, value in block.items() if key != "index"}
