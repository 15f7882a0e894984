"""Agno's own classes, asked in our words: what they say on the wire is heard to its end and becomes one answer."""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, cast

from agno.models.base import MessageData
from agno.models.base import Model as AgnoModel
from agno.models.message import Message as AgnoMessage

from tenuto.agents.agno.models import APART, PROVIDERS, native, response_format
from tenuto.agents.agno.translate import agno_messages, agno_tools, our_answer
from tenuto.sdk.agents import Answer, Ask, Endpoint, Model, ModelSpec
from tenuto.sdk.agents.messages import Message
from tenuto.sdk.agents.model import Tell


class Wire:
    """A `Model` of ours over the class that Agno has for the provider."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        del key
        form = response_format(self._spec, ask)
        messages = agno_messages(_with_schema(ask) if form is None else ask["messages"])
        async with native(self._spec, ask) as model:
            said, beside = await heard(model, messages, agno_tools(ask["tools"]), tell, response_format=form)
        return our_answer(said, self._spec.name, beside, apart=self._spec.provider in APART)


def wired(endpoint: Endpoint) -> Model:
    """Who asks there: Agno's own class where there is one, else (a script, a local model) our own."""
    return Wire(endpoint.spec) if endpoint.spec.provider in PROVIDERS else endpoint.model


async def heard(
    model: AgnoModel, messages: list[AgnoMessage], tools: Sequence[dict[str, Any]], tell: Tell, **asked: Any
) -> tuple[AgnoMessage, dict[str, Any] | None]:
    """What a model of Agno said, and what it said beside; its text is told as it comes."""
    said, data = AgnoMessage(role="assistant"), MessageData()
    said.metrics.start_timer()
    data.response_metrics = said.metrics
    deltas = cast("Any", model).aprocess_response_stream(messages, said, data, tools=list(tools) or None, **asked)
    async with aclosing(cast("AsyncGenerator[Any]", deltas)) as pieces:
        async for piece in pieces:
            if isinstance(piece.content, str) and piece.content:
                tell(piece.content)
    return said, data.extra


def _with_schema(ask: Ask) -> list[Message]:
    """For a wire that has no place for a schema."""
    schema = ask.get("output")
    if not schema:
        return ask["messages"]
    words = f"Answer with JSON that fits this JSON Schema, and nothing else: {json.dumps(schema)}"
    return [{"role": "system", "content": words}, *ask["messages"]]
