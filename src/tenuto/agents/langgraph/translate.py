"""Our words in LangChain's, and its answers in ours."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import uuid4

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import tool_call

from tenuto.sdk.agents import Answer, Message, ToolCall, ToolSchema, Usage
from tenuto.sdk.agents.messages import Role, Stop

_ROLES: Final[Mapping[str, Role]] = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}
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


def _url(said: Any) -> Any:
    return cast("dict[str, Any]", said)["url"] if isinstance(said, dict) else said


def _blocks(message: BaseMessage) -> list[dict[str, Any]]:
    content = cast("list[Any]", message.content) if isinstance(message.content, list) else []
    return [cast("dict[str, Any]", block) for block in content if isinstance(block, dict)]


def _without_index(block: Mapping[str, Any]) -> dict[str, Any]:
    """Where it stood in the stream is of no matter."""
    return {key: value for key, value in block.items() if key != "index"}
