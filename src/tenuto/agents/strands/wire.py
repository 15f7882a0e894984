"""Strands' own classes, asked in our words: what they say on the wire is heard to its end and becomes one answer."""

from collections.abc import AsyncIterable
from contextlib import aclosing
from typing import Any, cast

from strands.event_loop.streaming import process_stream
from strands.types._events import ModelStopReason, TextStreamEvent
from strands.types.streaming import StreamEvent

from tenuto.agents.strands.models import APART, MODULES, PROVIDERS, native, takes_schema
from tenuto.agents.strands.translate import our_answer, strands_messages, tool_spec
from tenuto.sdk.agents import Answer, Ask, Endpoint, Model, ModelError, ModelSpec
from tenuto.sdk.agents.clients import imported, in_words
from tenuto.sdk.agents.messages import Message
from tenuto.sdk.agents.model import Tell


class Wire:
    """A `Model` of ours over the class that Strands has for the provider."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        await imported(MODULES[self._spec.provider])
        specs = [tool_spec(schema) for schema in ask["tools"]]
        async with native(self._spec, ask, key) as model:
            chunks = model.stream(strands_messages(ask["messages"]), specs or None, self._system(ask))
            return await heard(chunks, tell, self._spec.name, apart=self._spec.provider in APART)

    def _system(self, ask: Ask) -> str | None:
        said = [_text(message) for message in ask["messages"] if message["role"] == "system"]
        schema = ask.get("output")
        if schema and not takes_schema(self._spec, ask):
            said.append(in_words(schema))
        return "\n\n".join(said) or None


def wired(endpoint: Endpoint) -> Model:
    """Who asks there: Strands' own class where there is one, else (a script, a local model) our own."""
    return Wire(endpoint.spec) if endpoint.spec.provider in PROVIDERS else endpoint.model


async def heard(chunks: AsyncIterable[StreamEvent], tell: Tell, name: str, *, apart: bool) -> Answer:
    """The whole of a stream as one answer; its text is told as it comes."""
    stop: tuple[Any, Any, Any, Any] | None = None
    async with aclosing(process_stream(chunks)) as events:
        async for event in events:
            if isinstance(event, ModelStopReason):
                stop = cast("tuple[Any, Any, Any, Any]", event["stop"])
            elif isinstance(event, TextStreamEvent):
                tell(str(cast("dict[str, Any]", event)["data"]))
    if stop is None:
        raise ModelError(f"{name} broke off without an answer")
    reason, message, usage, _ = stop
    return our_answer(reason, message, usage, name, apart=apart)


def _text(message: Message) -> str:
    content = message["content"]
    return content if isinstance(content, str) else "\n".join(part.get("text", "") for part in content)
