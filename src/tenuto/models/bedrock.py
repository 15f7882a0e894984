"""`bedrock:`: Amazon Bedrock's converse, for all models that it serves."""

import asyncio
import functools
import json
import re
from collections.abc import Mapping
from contextlib import AsyncExitStack
from contextvars import ContextVar
from typing import Any, Final, cast

from tenuto.models.content import image_of, in_words, merged, options_of, parts_of, system_of, text_of
from tenuto.models.hearing import Hearing, count
from tenuto.models.http import CONNECT, SILENCE
from tenuto.sdk.agents import Answer, Ask, Message, ModelError, ModelSpec, Usage
from tenuto.sdk.agents.messages import Stop
from tenuto.sdk.agents.model import Tell

INSTALL: Final = "pip install 'tenuto[bedrock]'"
REGION: Final = "us-east-1"
_STOPS: Final[Mapping[str, Stop]] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "tool_use": "tools",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "content_filtered": "refused",
    "guardrail_intervened": "refused",
}
_INFERENCE: Final = {"max_tokens": "maxTokens", "temperature": "temperature", "top_p": "topP", "stop": "stopSequences"}
_TAKES_A_SCHEMA: Final = re.compile(r"anthropic\.claude-[a-z]+-(4-[5-9]|[5-9])")
_KEY: ContextVar[str] = ContextVar("idempotency_key")


class Bedrock:
    """A `Model`. The key of the spec is `ACCESS:SECRET` or `ACCESS:SECRET:TOKEN`; empty: what AWS finds by itself."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        try:
            self._session: Any = _session()
        except ImportError:
            raise ModelError(f"{spec.name} needs aiobotocore: {INSTALL}", retry=False) from None
        self._open: Any = None
        self._first = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        client = await self._client()
        _KEY.set(key)
        answered = await client.converse_stream(**self._question(ask))
        hearing, stop, usage = Hearing(self._spec.name, tell), None, Usage()
        async for event in answered["stream"]:
            usage = _usage(event) or usage
            stop = _heard(event, hearing) or stop
        return hearing.answer(ask, usage, stop)

    async def aclose(self) -> None:
        await self._stack.aclose()
        self._open = None

    async def _client(self) -> Any:
        async with self._first:
            if self._open is None:
                self._open = await self._stack.enter_async_context(self._made())
                self._open.meta.events.register("before-call.bedrock-runtime", _with_key)
            return self._open

    def _made(self) -> Any:
        from aiobotocore.config import AioConfig  # pyright: ignore[reportMissingTypeStubs]  it has none

        return self._session.create_client(
            "bedrock-runtime",
            region_name=self._spec.options.get("region") or self._session.get_config_variable("region") or REGION,
            endpoint_url=self._spec.base_url,
            **self._spec.aws,
            config=AioConfig(connect_timeout=CONNECT, read_timeout=SILENCE, retries={"total_max_attempts": 1}),
        )

    def _question(self, ask: Ask) -> dict[str, Any]:
        options, schema = options_of(self._spec.options, ask), ask.get("output")
        takes = schema is not None and _TAKES_A_SCHEMA.search(self._spec.model) is not None
        system = [system_of(ask), in_words(schema) if schema is not None and not takes else ""]
        question: dict[str, Any] = {
            "modelId": self._spec.model,
            "messages": merged([_message(message) for message in ask["messages"] if message["role"] != "system"]),
            "inferenceConfig": {name: options.pop(ours) for ours, name in _INFERENCE.items() if ours in options},
        }
        if options:
            question["additionalModelRequestFields"] = options
        if any(system):
            question["system"] = [{"text": text} for text in system if text]
        if ask["tools"]:
            question["toolConfig"] = {"tools": [_tool(each) for each in ask["tools"]]}
        if takes:
            form = {"jsonSchema": {"name": "answer", "schema": json.dumps(schema)}}
            question["outputConfig"] = {"textFormat": {"type": "json_schema", "structure": form}}
        return question


@functools.cache
def _session() -> Any:
    """One for all: it keeps the description of the service, which takes half a second to read."""
    from aiobotocore import session  # pyright: ignore[reportMissingTypeStubs]  it has none

    return cast("Any", session).get_session()


def _with_key(params: dict[str, Any], **_: Any) -> None:
    params["headers"]["Idempotency-Key"] = _KEY.get("")


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    spec = {"name": tool["name"], "description": tool["description"] or tool["name"]}
    return {"toolSpec": spec | {"inputSchema": {"json": tool["parameters"]}}}


def _message(message: Message) -> dict[str, Any]:
    role = message["role"]
    if role == "tool":
        result = {"toolUseId": message.get("tool_call_id", ""), "content": [{"text": text_of(message) or "(nothing)"}]}
        return {"role": "user", "content": [{"toolResult": result}]}
    if role == "assistant":
        text = text_of(message)
        blocks: list[dict[str, Any]] = [{"text": text}] if text.strip() else []
        blocks += [
            {"toolUse": {"toolUseId": call["id"], "name": call["name"], "input": call["arguments"]}}
            for call in message.get("tool_calls", [])
        ]
        return {"role": "assistant", "content": blocks or [{"text": "…"}]}  # it takes no empty answer
    return {"role": "user", "content": [_part(part) for part in parts_of(message)] or [{"text": "…"}]}


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    if part["type"] == "text":
        return {"text": part["text"]}
    image = image_of(part)
    if image.url:
        raise ModelError(
            "bedrock takes images by their content, not by their address: give a file or `data:…`", retry=False
        )
    return {"image": {"format": image.media_type.removeprefix("image/"), "source": {"bytes": image.content}}}


def _heard(event: Mapping[str, Any], hearing: Hearing) -> Stop | None:
    """What one event says; how it ended, where it says so."""
    if "contentBlockStart" in event:
        begun = event["contentBlockStart"]
        use = begun["start"].get("toolUse")
        if use:
            hearing.call(begun["contentBlockIndex"], use["toolUseId"], use["name"])
    elif "contentBlockDelta" in event:
        delta = event["contentBlockDelta"]["delta"]
        hearing.say(delta.get("text"))
        hearing.argue(event["contentBlockDelta"]["contentBlockIndex"], delta.get("toolUse", {}).get("input"))
    elif "messageStop" in event:
        return _STOPS.get(event["messageStop"]["stopReason"], "end")
    return None


def _usage(event: Mapping[str, Any]) -> Usage | None:
    if "metadata" not in event:
        return None
    told = event["metadata"]["usage"]
    cached, written = count(told.get("cacheReadInputTokens")), count(told.get("cacheWriteInputTokens"))
    return {
        "input_tokens": count(told.get("inputTokens")) + cached + written,
        "cached_tokens": cached,
        "written_tokens": written,
        "output_tokens": count(told.get("outputTokens")),
    }
