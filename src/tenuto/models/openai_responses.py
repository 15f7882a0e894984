"""`openai-responses:`: OpenAI's responses. Nothing is kept there; a model's reasoning travels with the conversation."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final, cast

from tenuto.models.content import image_of, is_strict, options_of, parts_of, system_of, text_of
from tenuto.models.hearing import Hearing, count
from tenuto.models.openai_chat import heard_object, make_client
from tenuto.sdk.agents import Answer, Ask, Message, ModelError, ModelSpec, Usage
from tenuto.sdk.agents.messages import Stop
from tenuto.sdk.agents.model import Tell

_REASONS: Final = re.compile(r"(o\d|gpt-[5-9])")  # models that can be given their reasoning back
_NAMED: Final = frozenset(
    {"max_output_tokens", "parallel_tool_calls", "service_tier", "temperature", "tool_choice", "top_p", "user"}
)


class OpenAIResponses:
    """A `Model`."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._client = make_client(spec)

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        create: Any = self._client.responses.create  # its overloads know only what stands in the call itself
        stream = await create(**self._question(ask), extra_headers={"Idempotency-Key": key})
        hearing, last = Hearing(self._spec.name, tell), None
        async with stream:
            async for event in stream:
                last = _heard(event, hearing) or last
        if last is None:
            return hearing.answer(ask, Usage(), None)
        thinking = [item for item in map(heard_object, last.output or []) if item.get("type") == "reasoning"]
        kept = {"provider": "openai-responses", "model": self._spec.model, "items": thinking} if thinking else None
        return hearing.answer(ask, _usage(last), _stop(last), kept)

    def _question(self, ask: Ask) -> dict[str, Any]:
        options = options_of(self._spec.options, ask)
        if "max_tokens" in options:
            options["max_output_tokens"] = options.pop("max_tokens")
        if "reasoning_effort" in options:
            options["reasoning"] = {"effort": options.pop("reasoning_effort")}
        question: dict[str, Any] = {
            "model": self._spec.model,
            "input": [item for message in ask["messages"] for item in self._items(message)],
            "stream": True,
            "store": False,
            **{name: value for name, value in options.items() if name in _NAMED},
        }
        others = {name: value for name, value in options.items() if name not in _NAMED}
        if others:
            question["extra_body"] = others
        if system_of(ask):
            question["instructions"] = system_of(ask)
        if self._spec.base_url is None and _REASONS.match(self._spec.model):
            question["include"] = ["reasoning.encrypted_content"]
        if ask["tools"]:
            question["tools"] = [{"type": "function", "strict": False, **tool} for tool in ask["tools"]]
        schema = ask.get("output")
        if schema is not None:
            question["text"] = {
                "format": {"type": "json_schema", "name": "answer", "schema": schema, "strict": is_strict(schema)}
            }
        return question

    def _items(self, message: Message) -> list[dict[str, Any]]:
        role = message["role"]
        if role == "system":
            return []
        if role == "tool":
            answered = message.get("tool_call_id", "")
            return [{"type": "function_call_output", "call_id": answered, "output": text_of(message)}]
        if role == "assistant":
            return [*self._thought(message), *_said(message), *_calls(message)]
        content = message["content"]
        return [
            {"role": "user", "content": content if isinstance(content, str) else [_part(p) for p in parts_of(message)]}
        ]

    def _thought(self, message: Message) -> list[dict[str, Any]]:
        """Given back to the model that thought it, and to no other."""
        kept: Any = message.get("thinking")
        mine = isinstance(kept, dict) and (kept.get("provider"), kept.get("model")) == (  # pyright: ignore[reportUnknownMemberType]  JSON as it was recorded
            "openai-responses",
            self._spec.model,
        )
        return cast("list[dict[str, Any]]", cast("dict[str, Any]", kept).get("items", [])) if mine else []


def _said(message: Message) -> list[dict[str, Any]]:
    text = text_of(message)
    return [{"role": "assistant", "content": text}] if text else []


def _calls(message: Message) -> list[dict[str, Any]]:
    return [
        {
            "type": "function_call",
            "call_id": call["id"],
            "name": call["name"],
            "arguments": json.dumps(call["arguments"]),
        }
        for call in message.get("tool_calls", [])
    ]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]}
    return {"type": "input_image", "image_url": image_of(part).address, "detail": "auto"}


def _heard(event: Any, hearing: Hearing) -> Any:
    """What one event says; the whole response, where it ends."""
    kind = event.type
    if kind in {"response.output_text.delta", "response.refusal.delta"}:
        hearing.say(event.delta)
    elif kind == "response.output_item.added" and event.item.type == "function_call":
        hearing.call(event.output_index, event.item.call_id, event.item.name)
    elif kind == "response.function_call_arguments.delta":
        hearing.argue(event.output_index, event.delta)
    elif kind in {"response.failed", "error"}:
        error: Any = event.response.error if kind == "response.failed" else event
        raise ModelError(f"the model failed: {str(getattr(error, 'message', '') or 'no reason given')[:200]}")
    elif kind in {"response.completed", "response.incomplete"}:
        return event.response
    return None


def _stop(response: Any) -> Stop:
    if response.status != "incomplete":
        return "end"
    reason: Any = getattr(response.incomplete_details, "reason", None)
    return "refused" if reason == "content_filter" else "length"


def _usage(response: Any) -> Usage:
    told: Any = response.usage
    if told is None:
        return Usage()
    details: Any = told.input_tokens_details
    return {
        "input_tokens": count(told.input_tokens),
        "cached_tokens": count(getattr(details, "cached_tokens", 0)),
        "written_tokens": count(getattr(details, "cache_write_tokens", 0)),
        "output_tokens": count(told.output_tokens),
    }
