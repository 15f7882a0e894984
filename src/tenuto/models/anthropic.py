"""`anthropic:`: Anthropic's messages."""

from collections.abc import Mapping
from typing import Any, Final, cast

from tenuto.models.content import image_of, in_words, merged, options_of, parts_of, system_of, text_of
from tenuto.models.hearing import Hearing, count
from tenuto.models.openai_chat import NO_KEY, heard_object
from tenuto.sdk.agents import Answer, Ask, Message, ModelError, ModelSpec, Usage
from tenuto.sdk.agents.clients import closed_schema
from tenuto.sdk.agents.messages import Stop
from tenuto.sdk.agents.model import Tell

_NOTHING: Final[dict[str, Any]] = {"type": "text", "text": "…"}  # it takes no empty message, and it was one
INSTALL: Final = "pip install 'tenuto[anthropic]'"
MAX_TOKENS: Final = 16_000  # the provider wants a number; `max_tokens` says another
_STOPS: Final[Mapping[str, Stop]] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "pause_turn": "end",
    "tool_use": "tools",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "refused",
}
# Parameters that the library knows; others (`temperature`, of older models) go as they are.
_NAMED: Final = frozenset({"max_tokens", "metadata", "service_tier", "stop_sequences", "thinking", "tool_choice"})


class Anthropic:
    """A `Model`."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._client = _client(spec)

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        stream: Any = await self._client.messages.create(**self._question(ask), extra_headers={"Idempotency-Key": key})
        heard = _Heard(Hearing(self._spec.name, tell))
        async with stream:
            async for event in stream:
                heard.event(event)
        return heard.hearing.answer(ask, heard.usage, heard.stop, heard.thought(self._spec.model))

    def _question(self, ask: Ask) -> dict[str, Any]:
        options = options_of(self._spec.options, ask)
        schema = ask.get("output")
        form = None if schema is None else closed_schema(schema)
        system = [system_of(ask), in_words(schema) if schema is not None and form is None else ""]
        question: dict[str, Any] = {
            "model": self._spec.model,
            "max_tokens": MAX_TOKENS,
            "messages": merged([self._message(m) for m in ask["messages"] if m["role"] != "system"]),
            "stream": True,
            **{name: value for name, value in options.items() if name in _NAMED},
        }
        others = {name: value for name, value in options.items() if name not in _NAMED}
        if others:
            question["extra_body"] = others
        if any(system):
            question["system"] = "\n\n".join(text for text in system if text)
        if form is not None:
            question["output_config"] = {"format": {"type": "json_schema", "schema": form}}
        if ask["tools"]:
            question["tools"] = [
                {"name": t["name"], "description": t["description"], "input_schema": t["parameters"]}
                for t in ask["tools"]
            ]
        if self._spec.options.get("cache", self._spec.base_url is None):
            question["cache_control"] = {"type": "ephemeral"}  # what an agent says again with every turn costs a tenth
        return question

    def _message(self, message: Message) -> dict[str, Any]:
        role = message["role"]
        if role == "tool":
            result = {
                "type": "tool_result",
                "tool_use_id": message.get("tool_call_id", ""),
                "content": [_part(part) for part in parts_of(message)],
            }
            return {"role": "user", "content": [result]}
        if role == "assistant":
            return {"role": "assistant", "content": self._thought(message) or _spoken(message)}
        return {"role": "user", "content": [_part(part) for part in parts_of(message)] or [_NOTHING]}

    def _thought(self, message: Message) -> list[dict[str, Any]]:
        """The answer block by block as it came, where its thinking must be given back; to the model that thought it alone."""
        kept: Any = message.get("thinking")
        if not isinstance(kept, dict):
            return []
        given = cast("dict[str, Any]", kept)
        mine = (given.get("provider"), given.get("model")) == ("anthropic", self._spec.model)
        return cast("list[dict[str, Any]]", given.get("blocks", [])) if mine else []


class _Heard:
    """The events of one stream, put together."""

    def __init__(self, hearing: Hearing) -> None:
        self.hearing = hearing
        self.stop: Stop | None = None
        self.usage = Usage()
        self._blocks: dict[int, dict[str, Any]] = {}

    def event(self, event: Any) -> None:
        kind = event.type
        if kind == "message_start":
            self._count(event.message.usage)
        elif kind == "content_block_start":
            self._begin(event.index, event.content_block)
        elif kind == "content_block_delta":
            self._delta(event.index, event.delta)
        elif kind == "message_delta":
            self._count(event.usage)
            self.stop = _STOPS.get(str(event.delta.stop_reason), "end")

    def thought(self, model: str) -> dict[str, Any] | None:
        """All blocks, if some of them are thinking."""
        if not any(str(block.get("type")).endswith("thinking") for block in self._blocks.values()):
            return None
        calls = {call["id"]: call["arguments"] for call in self.hearing.calls()}
        blocks = [
            block | {"input": calls.get(str(block.get("id")), {})} if block.get("type") == "tool_use" else block
            for block in self._blocks.values()
            if block.get("type") != "text" or block.get("text")
        ]
        return {"provider": "anthropic", "model": model, "blocks": blocks}

    def _begin(self, index: int, block: Any) -> None:
        self._blocks[index] = heard_object(block)
        if block.type == "tool_use":
            self.hearing.call(index, block.id, block.name)
            self._blocks[index] = {"type": "tool_use", "id": block.id, "name": block.name}
        elif block.type == "text":
            self._blocks[index] = {"type": "text", "text": ""}
            self._delta_text(index, "text", block.text)
            self.hearing.say(block.text)

    def _delta(self, index: int, delta: Any) -> None:
        if delta.type == "text_delta":
            self.hearing.say(delta.text)
            self._delta_text(index, "text", delta.text)
        elif delta.type == "input_json_delta":
            self.hearing.argue(index, delta.partial_json)
        elif delta.type == "thinking_delta":
            self._delta_text(index, "thinking", delta.thinking)
        elif delta.type == "signature_delta":
            self._delta_text(index, "signature", delta.signature)

    def _delta_text(self, index: int, key: str, piece: Any) -> None:
        if isinstance(piece, str):
            self.hearing.weigh(piece)
            block = self._blocks[index]
            block[key] = str(block.get(key) or "") + piece

    def _count(self, told: Any) -> None:
        """Here what was kept counts beside the input; the last figures are those of the whole."""
        if told is None:
            return
        cached, written = count(told.cache_read_input_tokens), count(told.cache_creation_input_tokens)
        given = count(told.input_tokens) + cached + written
        if given:
            self.usage.update({"input_tokens": given, "cached_tokens": cached, "written_tokens": written})
        self.usage["output_tokens"] = count(told.output_tokens)


def _client(spec: ModelSpec) -> Any:
    try:
        from anthropic import AsyncAnthropic
    except ImportError:
        raise ModelError(f"{spec.name} needs Anthropic's library: {INSTALL}", retry=False) from None
    return AsyncAnthropic(
        api_key=spec.api_key or NO_KEY,
        base_url=spec.base_url or "https://api.anthropic.com",
        max_retries=0,
        http_client=None if spec.http is None else spec.http(),
    )


def _spoken(message: Message) -> list[dict[str, Any]]:
    text = text_of(message)
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text}] if text.strip() else []
    blocks.extend(
        {"type": "tool_use", "id": call["id"], "name": call["name"], "input": call["arguments"]}
        for call in message.get("tool_calls", [])
    )
    return blocks or [_NOTHING]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    image = image_of(part)
    if image.url:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    return {"type": "image", "source": {"type": "base64", "media_type": image.media_type, "data": image.encoded}}
