"""Between our words and those of Strands: messages both ways, an answer out of a stream of events and back into one.

What a provider wants to be given back and we have no word for (reasoning with its signature) travels in `thinking`, as JSON.
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

from strands.types.content import ContentBlock
from strands.types.content import Message as StrandsMessage
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolResult, ToolSpec

from tenuto.sdk.agents import Answer, Ask, Message, ToolCall, ToolSchema, Usage
from tenuto.sdk.agents.messages import ImagePart, Stop, TextPart

_STOPS: Final[Mapping[str, Stop]] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tools",
    "max_tokens": "length",
    "content_filtered": "refused",
    "guardrail_intervened": "refused",
}
_BYTES: Final = "$bytes"
_OURS: Final = "$ours"
_FAILED: Final = "Error: "  # how the answer of a tool begins that has none


# --- from ours


def strands_messages(messages: Iterable[Message]) -> list[StrandsMessage]:
    """A conversation without its system message. Answers of tools that follow each other are one message, as Strands wants them."""
    said: list[StrandsMessage] = []
    for message in messages:
        if message["role"] == "system":
            continue
        role = "assistant" if message["role"] == "assistant" else "user"
        blocks = _blocks(message)
        if said and said[-1]["role"] == role == "user":
            said[-1]["content"].extend(blocks)
        else:
            said.append({"role": role, "content": blocks})
    return said


def _blocks(message: Message) -> list[ContentBlock]:
    if message["role"] == "tool":
        return [{"toolResult": tool_result(message)}]
    spoken = [_block(part) for part in parts_of(message)]
    if message["role"] != "assistant":
        return spoken
    return [
        *_kept(message.get("thinking")),
        *spoken,
        *(_tool_use(call, message.get("thinking")) for call in message.get("tool_calls", ())),
    ]


def parts_of(message: Message) -> list[TextPart | ImagePart]:
    content = message["content"]
    if not isinstance(content, str):
        return content
    return [{"type": "text", "text": content}] if content else []


def _block(part: TextPart | ImagePart) -> ContentBlock:
    if part["type"] == "text":
        return {"text": part["text"]}
    return cast("ContentBlock", {"image": _image(part["image"])})


def _image(image: Any) -> dict[str, Any]:
    """Its bytes if they are at hand; else what stands for them, which is ours again when the model is asked."""
    if not isinstance(image, str) or not image.startswith("data:image/") or ";base64," not in image:
        return {"format": "png", "source": {"bytes": b"", _OURS: image}}
    kind, _, content = image.removeprefix("data:image/").partition(";base64,")
    return {"format": kind, "source": {"bytes": base64.b64decode(content)}}


def tool_result(message: Message) -> ToolResult:
    """What a tool answered, as Strands hands it to a model."""
    text = "\n".join(part["text"] for part in parts_of(message) if part["type"] == "text")
    failed = text.startswith(_FAILED)
    return {
        "toolUseId": message.get("tool_call_id", ""),
        "status": "error" if failed else "success",
        "content": [{"text": text}],
    }


def _tool_use(call: ToolCall, thinking: Any) -> ContentBlock:
    use: dict[str, Any] = {"toolUseId": call["id"], "name": call["name"], "input": call["arguments"]}
    signature = _signatures(thinking).get(call["id"])
    if signature:
        use["reasoningSignature"] = signature
    return cast("ContentBlock", {"toolUse": use})


def tool_spec(schema: ToolSchema) -> ToolSpec:
    return {
        "name": schema["name"],
        "description": schema["description"] or schema["name"],
        "inputSchema": {"json": schema["parameters"]},
    }


def events_of(answer: Answer) -> Iterator[StreamEvent]:
    """A recorded answer as the stream that Strands assembles its message from."""
    thinking = answer.get("thinking")
    yield {"messageStart": {"role": "assistant"}}
    for block in _kept(thinking):
        yield from _reasoning_events(block)
    if answer["text"]:
        yield {"contentBlockStart": {"start": {}}}
        yield {"contentBlockDelta": {"delta": {"text": answer["text"]}}}
        yield {"contentBlockStop": {}}
    for call in answer["tool_calls"]:
        yield {"contentBlockStart": {"start": {"toolUse": _start(call, thinking)}}}
        yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(call["arguments"])}}}}
        yield {"contentBlockStop": {}}
    yield {"messageStop": {"stopReason": "tool_use" if answer["tool_calls"] else "end_turn"}}
    yield {"metadata": {"usage": _strands_usage(answer["usage"]), "metrics": {"latencyMs": 0}}}


def _start(call: ToolCall, thinking: Any) -> Any:
    signature = _signatures(thinking).get(call["id"])
    known = {"reasoningSignature": signature} if signature else {}
    return {"toolUseId": call["id"], "name": call["name"], **known}


def _reasoning_events(block: ContentBlock) -> Iterator[StreamEvent]:
    reasoning = cast("dict[str, Any]", block.get("reasoningContent", {}))
    text = reasoning.get("reasoningText", {})
    deltas = [{key: text[key]} for key in ("text", "signature") if text.get(key)]
    if reasoning.get("redactedContent"):
        deltas.append({"redactedContent": reasoning["redactedContent"]})
    yield {"contentBlockStart": {"start": {}}}
    for delta in deltas:
        yield cast("StreamEvent", {"contentBlockDelta": {"delta": {"reasoningContent": delta}}})
    yield {"contentBlockStop": {}}


def _strands_usage(usage: Usage) -> Any:
    asked, answered = usage.get("input_tokens", 0), usage.get("output_tokens", 0)
    cached = usage.get("cached_tokens", 0)
    known = {"cacheReadInputTokens": cached} if cached else {}
    return {
        "inputTokens": asked,
        "outputTokens": answered,
        "totalTokens": usage.get("tokens", asked + answered),
        **known,
    }


# --- to ours


def our_messages(messages: Sequence[StrandsMessage], system: str | None) -> list[Message]:
    """A conversation of Strands in our words. What we have no word for (a document, a video) is named in its place."""
    said: list[Message] = [{"role": "system", "content": system}] if system else []
    for message in messages:
        said.extend(_our_assistant(message) if message["role"] == "assistant" else _our_user(message))
    return said


def _our_user(message: StrandsMessage) -> Iterator[Message]:
    spoken: list[TextPart | ImagePart] = []
    for block in message["content"]:
        if "toolResult" in block:
            result = block["toolResult"]
            yield {"role": "tool", "content": result_text(result), "tool_call_id": result["toolUseId"]}
        else:
            spoken.extend(_our_part(block))
    if spoken:
        yield {"role": "user", "content": _flat(spoken)}


def _our_assistant(message: StrandsMessage) -> Iterator[Message]:
    blocks = message["content"]
    said: Message = {"role": "assistant", "content": text_of(blocks)}
    calls = calls_of(blocks)
    if calls:
        said["tool_calls"] = calls
    thinking = thinking_of(blocks)
    if thinking:
        said["thinking"] = thinking
    yield said


def _our_part(block: ContentBlock) -> Iterator[TextPart | ImagePart]:
    if "text" in block:
        yield {"type": "text", "text": block["text"]}
    elif "image" in block:
        yield {"type": "image", "image": _our_image(cast("dict[str, Any]", block["image"]))}
    else:
        yield {"type": "text", "text": f"[{next(iter(block), 'nothing')}]"}


def _our_image(image: Mapping[str, Any]) -> Any:
    source = image["source"]
    if _OURS in source:
        return source[_OURS]
    return f"data:image/{image['format']};base64,{base64.b64encode(source.get('bytes', b'')).decode()}"


def _flat(parts: list[TextPart | ImagePart]) -> str | list[TextPart | ImagePart]:
    """One text where there is nothing else."""
    texts = [part["text"] for part in parts if part["type"] == "text"]
    return "\n".join(texts) if len(texts) == len(parts) else parts


def result_text(result: ToolResult) -> str:
    return "\n".join(
        content["text"] if "text" in content else json.dumps(content.get("json", f"[{next(iter(content), 'nothing')}]"))
        for content in result["content"]
    )


def text_of(blocks: Iterable[ContentBlock]) -> str:
    return "".join(
        block["text"] if "text" in block else _cited(block)
        for block in blocks
        if "text" in block or "citationsContent" in block
    )


def _cited(block: ContentBlock) -> str:
    cited = cast("dict[str, Any]", block.get("citationsContent", {}))
    return "".join(each.get("text", "") for each in cited.get("content", ()))


def calls_of(blocks: Iterable[ContentBlock]) -> list[ToolCall]:
    uses = [block["toolUse"] for block in blocks if "toolUse" in block]
    return [
        {
            "id": use["toolUseId"],
            "name": use["name"],
            "arguments": use["input"] if isinstance(use["input"], dict) else {},
        }
        for use in uses
    ]


def thinking_of(blocks: Iterable[ContentBlock]) -> Any:
    """Reasoning, and the signatures on tool calls, as JSON; None if there are none."""
    kept: list[Any] = []
    signatures: dict[str, str] = {}
    for block in blocks:
        if "reasoningContent" in block:
            kept.append(_jsonable(block))
        elif "toolUse" in block and block["toolUse"].get("reasoningSignature"):
            signatures[block["toolUse"]["toolUseId"]] = block["toolUse"].get("reasoningSignature", "")
    if not kept and not signatures:
        return None
    return {"strands": kept, "signatures": signatures}


def _kept(thinking: Any) -> list[ContentBlock]:
    return cast(
        "list[ContentBlock]", [_unjson(block) for block in thinking.get("strands", ())] if _ours(thinking) else []
    )


def _signatures(thinking: Any) -> Mapping[str, str]:
    return thinking.get("signatures", {}) if _ours(thinking) else {}


def _ours(thinking: Any) -> bool:
    """Another runtime may have recorded what it alone understands."""
    return isinstance(thinking, dict) and "strands" in thinking


def _jsonable(value: Any) -> Any:
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, Mapping):
        return {key: _jsonable(each) for key, each in cast("Mapping[str, Any]", value).items()}
    return value


def _unjson(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    found = cast("dict[str, Any]", value)
    return base64.b64decode(found[_BYTES]) if _BYTES in found else {key: _unjson(each) for key, each in found.items()}


def our_schemas(specs: Iterable[ToolSpec] | None) -> list[ToolSchema]:
    return [
        {"name": spec["name"], "description": spec["description"], "parameters": _schema(spec["inputSchema"])}
        for spec in specs or ()
    ]


def _schema(given: Any) -> dict[str, Any]:
    schema = cast("dict[str, Any]", given)
    return schema.get("json", schema)


def our_ask(messages: Sequence[StrandsMessage], specs: Iterable[ToolSpec] | None, system: str | None) -> Ask:
    return {"messages": our_messages(messages, system), "tools": our_schemas(specs)}


def our_answer(
    stop: str, message: StrandsMessage, usage: Mapping[str, Any], model: str, *, apart: bool = False
) -> Answer:
    """What a model of Strands has said, ready to be recorded. `apart`: its provider counts cached tokens apart from the input."""
    blocks = message["content"]
    calls = calls_of(blocks)
    answer: Answer = {
        "text": text_of(blocks),
        "tool_calls": calls,
        "usage": our_usage(usage, apart=apart),
        "model": model,
        "stop": "tools" if calls else _STOPS.get(stop, "end"),
    }
    thinking = thinking_of(blocks)
    if thinking:
        answer["thinking"] = thinking
    return answer


def our_usage(usage: Mapping[str, Any], *, apart: bool) -> Usage:
    cached = usage.get("cacheReadInputTokens", 0)
    asked = usage.get("inputTokens", 0) + (cached + usage.get("cacheWriteInputTokens", 0) if apart else 0)
    answered = usage.get("outputTokens", 0)
    counted: Usage = {"input_tokens": asked, "output_tokens": answered, "tokens": asked + answered}
    if cached:
        counted["cached_tokens"] = cached
    return counted
