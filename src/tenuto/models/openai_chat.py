"""`openai:` and `ollama:`: any server that speaks OpenAI's chat completions."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from tenuto.models.content import image_of, is_strict, options_of, parts_of, text_of
from tenuto.models.hearing import Hearing, count
from tenuto.sdk.agents import Answer, Ask, Message, ModelError, ModelSpec, Usage
from tenuto.sdk.agents.messages import Stop
from tenuto.sdk.agents.model import Tell

if TYPE_CHECKING:
    from openai import AsyncOpenAI

NO_KEY: Final = "none"  # the library wants one, servers of one's own do not
INSTALL: Final = "pip install 'tenuto[openai]'"
_STOPS: Final[Mapping[str, Stop]] = {
    "stop": "end",
    "tool_calls": "tools",
    "function_call": "tools",
    "length": "length",
    "content_filter": "refused",
}
# Parameters that OpenAI's library knows by name; others go as they are, for servers that know more.
_NAMED: Final = frozenset(
    {
        "frequency_penalty",
        "max_completion_tokens",
        "max_tokens",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "seed",
        "service_tier",
        "stop",
        "temperature",
        "tool_choice",
        "top_p",
        "user",
        "verbosity",
    }
)


class OpenAIChat:
    """A `Model`. What streams is heard; a call that breaks off is a failure, never half an answer."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._client = make_client(spec)

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        create: Any = self._client.chat.completions.create  # its overloads know only what stands in the call itself
        stream = await create(**self._question(ask), extra_headers={"Idempotency-Key": key})
        hearing, stop, usage = Hearing(self._spec.name, tell), None, Usage()
        async with stream:
            async for chunk in stream:
                usage = _usage(chunk) or usage
                stop = _heard(chunk, hearing) or stop
        return hearing.answer(ask, usage, stop)

    def _question(self, ask: Ask) -> dict[str, Any]:
        options = options_of(self._spec.options, ask)
        if self._spec.base_url is None and "max_tokens" in options:  # OpenAI's own newer models refuse the old name
            options["max_completion_tokens"] = options.pop("max_tokens")
        question: dict[str, Any] = {
            "model": self._spec.model,
            "messages": [_message(message) for message in ask["messages"]],
            "stream": True,
            "stream_options": {"include_usage": True},
            **{name: value for name, value in options.items() if name in _NAMED},
        }
        others = {name: value for name, value in options.items() if name not in _NAMED}
        if others:
            question["extra_body"] = others
        if ask["tools"]:
            question["tools"] = [{"type": "function", "function": dict(tool)} for tool in ask["tools"]]
        schema = ask.get("output")
        if schema is not None:
            form = {"name": "answer", "schema": schema, "strict": is_strict(schema)}
            question["response_format"] = {"type": "json_schema", "json_schema": form}
        return question


def make_client(spec: ModelSpec) -> "AsyncOpenAI":
    """OpenAI's own client; it repeats nothing by itself."""
    try:
        from openai import AsyncOpenAI
    except ImportError:
        raise ModelError(f"{spec.name} needs OpenAI's library: {INSTALL}", retry=False) from None
    return AsyncOpenAI(
        api_key=spec.api_key or NO_KEY,
        base_url=spec.base_url or "https://api.openai.com/v1",
        max_retries=0,
        http_client=None if spec.http is None else spec.http(),
    )


def _message(message: Message) -> dict[str, Any]:
    role = message["role"]
    if role == "tool":
        return {"role": "tool", "tool_call_id": message.get("tool_call_id", ""), "content": text_of(message)}
    if role == "assistant":
        made: dict[str, Any] = {"role": "assistant", "content": text_of(message)}
        calls = message.get("tool_calls")
        if calls:
            made["content"] = made["content"] or None
            made["tool_calls"] = [
                {
                    "id": call["id"],
                    "type": "function",
                    "function": {"name": call["name"], "arguments": json.dumps(call["arguments"])},
                }
                for call in calls
            ]
        return made
    if isinstance(message["content"], str):
        return {"role": role, "content": message["content"]}
    return {"role": role, "content": [_part(part) for part in parts_of(message)]}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"type": "text", "text": part["text"]}
    return {"type": "image_url", "image_url": {"url": image_of(part).address}}


def _heard(chunk: Any, hearing: Hearing) -> Stop | None:
    """What one event says; how it ended, where it says so."""
    choices: Any = getattr(chunk, "choices", None)
    if not choices:
        return None
    choice = choices[0]
    delta = choice.delta
    if delta is not None:
        hearing.say(delta.content)
        hearing.say(getattr(delta, "refusal", None))
        for position, call in enumerate(delta.tool_calls or []):
            _hear_call(call, position, hearing)
    reason = choice.finish_reason
    return None if reason is None else _STOPS.get(str(reason), "end")


def _hear_call(call: Any, position: int, hearing: Hearing) -> None:
    """A call that has a name begins, even where a server counts all its calls as the first."""
    at = call.index if isinstance(call.index, int) else position
    function = call.function
    if function is None:
        return
    begun = hearing.called(at)
    if function.name and (begun is None or (call.id and call.id != begun)):
        hearing.shelve(at)
        hearing.call(at, call.id, function.name)
    hearing.argue(at, function.arguments)


def _usage(chunk: Any) -> Usage | None:
    told: Any = getattr(chunk, "usage", None)
    if told is None:
        return None
    details: Any = getattr(told, "prompt_tokens_details", None)
    return {
        "input_tokens": count(told.prompt_tokens),
        "cached_tokens": count(getattr(details, "cached_tokens", 0)),
        "written_tokens": count(getattr(details, "cache_write_tokens", 0)),
        "output_tokens": count(told.completion_tokens),
    }


def heard_object(value: Any) -> dict[str, Any]:
    """A JSON object that a library wrapped in a class of its own."""
    dumped: Any = value.model_dump(exclude_none=True) if hasattr(value, "model_dump") else value
    return cast("dict[str, Any]", dumped) if isinstance(dumped, dict) else {}
