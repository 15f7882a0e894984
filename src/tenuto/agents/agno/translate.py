"""Between our words and those of Agno: messages both ways, an answer out of what a model said and back into it.

What a provider wants to be given back and we have no word for (reasoning, its signature, ids of the provider) travels in
`thinking`, as JSON.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, cast

from agno.media import Image
from agno.metrics import MessageMetrics
from agno.models.message import Message as AgnoMessage
from agno.models.response import ModelResponse

from tenuto.sdk.agents import Answer, Ask, Message, ToolCall, ToolSchema, Usage
from tenuto.sdk.agents.messages import ImagePart, TextPart

_KEPT: Final = ("reasoning_content", "redacted_reasoning_content")
_OF_NO_USE: Final = frozenset({"id", "system_fingerprint", "model_extra"})  # of what a provider says of its answer
_PLAIN: Final = frozenset({"text", "tool_use"})  # blocks that say again what the message says
_OURS: Final = "$ours"  # what stands for a picture until a model is asked
_ROLES: Final = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}


# --- from ours


def agno_messages(messages: Iterable[Message]) -> list[AgnoMessage]:
    return [_message(message) for message in messages]


def _message(message: Message) -> AgnoMessage:
    text, images = _spoken(message["content"])
    said = AgnoMessage(role=message["role"], content=text, images=images or None)
    if "tool_call_id" in message:
        said.tool_call_id = message["tool_call_id"]
    if message.get("tool_calls"):
        said.tool_calls = agno_calls(message.get("tool_calls", []), message.get("thinking"))
    for name, value in _kept(message).items():
        setattr(said, name, value)
    return said


def _spoken(content: str | list[TextPart | ImagePart]) -> tuple[str, list[Image]]:
    if isinstance(content, str):
        return content, []
    texts = [part["text"] for part in content if part["type"] == "text"]
    return "\n".join(texts), [_image(part["image"]) for part in content if part["type"] == "image"]


def _image(image: Any) -> Image:
    if isinstance(image, str) and image.startswith("data:") and ";base64," in image:
        media_type, _, content = image.removeprefix("data:").partition(";base64,")
        return Image(content=base64.b64decode(content), mime_type=media_type, format=media_type.partition("/")[2])
    return Image(url=image) if isinstance(image, str) else Image(url="file", metadata={_OURS: image})


def agno_calls(calls: Iterable[ToolCall], thinking: Any) -> list[dict[str, Any]]:
    """Calls as Agno keeps them: the wire of chat completions, and what else the provider had said of them."""
    known = _of(thinking, "calls")
    return [
        {
            "type": "function",
            **known.get(call["id"], {}),
            "id": call["id"],
            "function": {"name": call["name"], "arguments": json.dumps(call["arguments"])},
        }
        for call in calls
    ]


def response_of(answer: Answer) -> ModelResponse:
    """A recorded answer as what a model of Agno gives back."""
    kept = _kept({"role": "assistant", "content": answer["text"], "thinking": answer.get("thinking")})
    return ModelResponse(
        role="assistant",
        content=answer["text"] or None,
        tool_calls=agno_calls(answer["tool_calls"], answer.get("thinking")),
        response_usage=_metrics(answer["usage"]),
        reasoning_content=kept.get("reasoning_content"),
        redacted_reasoning_content=kept.get("redacted_reasoning_content"),
        provider_data=kept.get("provider_data"),
    )


def _metrics(usage: Usage) -> MessageMetrics:
    asked, answered = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
    return MessageMetrics(
        input_tokens=asked,
        output_tokens=answered,
        total_tokens=usage.get("tokens", asked + answered),
        cache_read_tokens=usage.get("cached_tokens", 0),
        cost=usage.get("usd"),
    )


def agno_tools(schemas: Iterable[ToolSchema]) -> list[dict[str, Any]]:
    return [{"type": "function", "function": dict(schema)} for schema in schemas]


# --- to ours


def our_ask(messages: Sequence[AgnoMessage], tools: Sequence[Mapping[str, Any]] | None) -> Ask:
    return {"messages": [our_message(message) for message in messages], "tools": our_schemas(tools)}


def our_message(message: AgnoMessage) -> Message:
    """What we have no word for (a video, a sound) stays with Agno: only its own models are told of it."""
    said = cast("Message", {"role": _ROLES.get(message.role, "user"), "content": _our_content(message)})
    if message.tool_call_id:
        said["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        said["tool_calls"] = [our_call(call) for call in message.tool_calls]
    thinking = thinking_of(message)
    if thinking:
        said["thinking"] = thinking
    return said


def _our_content(message: AgnoMessage) -> str | list[TextPart | ImagePart]:
    text = message.content if isinstance(message.content, str) else message.get_content_string()
    images: list[ImagePart] = [{"type": "image", "image": _data(image)} for image in message.images or ()]
    return [{"type": "text", "text": text}, *images] if images else text


def _data(image: Image) -> Any:
    if image.metadata and _OURS in image.metadata:
        return image.metadata[_OURS]
    if image.content is None:
        return str(image.url or image.filepath or "")
    media_type = image.mime_type or f"image/{image.format or 'png'}"
    return f"data:{media_type};base64,{base64.b64encode(image.content).decode()}"


def our_call(call: Mapping[str, Any]) -> ToolCall:
    """As the model wrote it. Agno would take `"true"` for true and `"none"` for nothing; a schema knows better."""
    function: Mapping[str, Any] = call.get("function") or {}
    made: ToolCall = {"id": str(call.get("id") or ""), "name": str(function.get("name") or ""), "arguments": {}}
    try:
        written = json.loads(function.get("arguments") or "{}")
    except ValueError as error:
        return {**made, "wrong": f"its arguments are not JSON: {error}"}
    if not isinstance(written, dict):
        return {**made, "wrong": "its arguments are not an object"}
    return {**made, "arguments": cast("dict[str, Any]", written)}


def our_schemas(tools: Sequence[Mapping[str, Any]] | None) -> list[ToolSchema]:
    return [_schema(tool["function"]) for tool in tools or () if tool.get("type") == "function"]


def _schema(function: Mapping[str, Any]) -> ToolSchema:
    return {
        "name": function["name"],
        "description": function.get("description") or "",
        "parameters": function.get("parameters") or {"type": "object", "properties": {}},
    }


def our_answer(said: AgnoMessage, model: str, *, apart: bool = False) -> Answer:
    """What a model of Agno has said, ready to be recorded. `apart`: its provider counts cached tokens apart from the input."""
    calls = [our_call(call) for call in said.tool_calls or ()]
    answer: Answer = {
        "text": said.content if isinstance(said.content, str) else said.get_content_string(),
        "tool_calls": calls,
        "usage": our_usage(said.metrics, apart=apart),
        "model": model,
        "stop": "tools" if calls else "end",
    }
    thinking = thinking_of(said)
    if thinking:
        answer["thinking"] = thinking
    return answer


def thinking_of(said: AgnoMessage) -> Any:
    """As JSON; None where there is nothing that anybody wants back."""
    kept = {name: value for name in _KEPT if (value := getattr(said, name))}
    data = {key: value for key, value in (said.provider_data or {}).items() if key not in _OF_NO_USE}
    if all(block.get("type") in _PLAIN for block in data.get("content_blocks", ())):
        data.pop("content_blocks", None)
    kept |= {"provider_data": data} if data else {}
    calls = {call["id"]: beside for call in said.tool_calls or () if (beside := _beside(call))}
    return json.loads(json.dumps({"agno": kept, "calls": calls}, default=str)) if kept or calls else None


def _beside(call: Mapping[str, Any]) -> dict[str, Any]:
    """What a provider said of a call besides the call."""
    return {key: value for key, value in call.items() if key not in {"id", "type", "function"} and value is not None}


def our_usage(metrics: MessageMetrics, *, apart: bool) -> Usage:
    cached = metrics.cache_read_tokens
    asked = metrics.input_tokens + (cached + metrics.cache_write_tokens if apart else 0)
    counted: Usage = {
        "input_tokens": asked,
        "output_tokens": metrics.output_tokens,
        "tokens": asked + metrics.output_tokens,
    }
    if cached:
        counted["cached_tokens"] = cached
    return counted


def _kept(message: Message) -> dict[str, Any]:
    """What a provider is given back. Blocks of an answer whose text a person has changed since are not."""
    kept = dict(_of(message.get("thinking"), "agno"))
    data = dict(kept.get("provider_data") or {})
    blocks: list[Any] = data.get("content_blocks", [])
    if blocks and "".join(block.get("text", "") for block in blocks) != message["content"]:
        del data["content_blocks"]
        kept["provider_data"] = data
    return kept


def _of(thinking: Any, part: str) -> Mapping[str, Any]:
    """Another runtime may have recorded what it alone understands: that is nothing here."""
    if not isinstance(thinking, dict) or "agno" not in thinking:
        return {}
    return cast("dict[str, Any]", thinking).get(part) or {}
