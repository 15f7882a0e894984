"""Agno's own classes, asked in our words: what they say on the wire is heard to its end and becomes one answer."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any, cast

from agno.models.base import MessageData
from agno.models.base import Model as AgnoModel
from agno.models.message import Message as AgnoMessage

from tenuto.agents.agno.models import APART, MODULES, PROVIDERS, native, response_format
from tenuto.agents.agno.translate import agno_messages, agno_tools, our_answer
from tenuto.sdk.agents import Answer, Ask, Endpoint, Model, ModelSpec
from tenuto.sdk.agents.clients import imported, in_words
from tenuto.sdk.agents.messages import Message
from tenuto.sdk.agents.model import Tell


class Wire:
    """A `Model` of ours over the class that Agno has for the provider."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        await imported(MODULES[self._spec.provider])
        form = response_format(self._spec, ask)
        messages = agno_messages(ask["messages"] if form is not None else with_schema(ask))
        async with native(self._spec, ask, key) as model:
            said = await heard(model, messages, agno_tools(ask["tools"]), tell, response_format=form)
        return our_answer(said, self._spec.name, apart=self._spec.provider in APART)


def wired(endpoint: Endpoint) -> Model:
    """Who asks there: Agno's own class where there is one, else (a script, a local model) our own."""
    return Wire(endpoint.spec) if endpoint.spec.provider in PROVIDERS else endpoint.model


async def heard(
    model: AgnoModel, messages: list[AgnoMessage], tools: Sequence[dict[str, Any]], tell: Tell, **asked: Any
) -> AgnoMessage:
    """What a model of Agno said; its text is told as it comes."""
    said, data = AgnoMessage(role="assistant"), MessageData()
    said.metrics.start_timer()
    data.response_metrics = said.metrics
    deltas = cast("Any", model).aprocess_response_stream(messages, said, data, tools=list(tools) or None, **asked)
    async with aclosing(cast("AsyncGenerator[Any]", deltas)) as pieces:
        async for piece in pieces:
            if isinstance(piece.content, str) and piece.content:
                tell(piece.content)
    return said


def with_schema(ask: Ask) -> list[Message]:
    """For a wire that has no place for a schema: it is told in words."""
    schema = ask.get("output")
    if not schema:
        return ask["messages"]
    words = in_words(schema)
    first, *others = ask["messages"]
    if first["role"] == "system":
        return [{**first, "content": f"{first['content']}\n\n{words}"}, *others]
    return [{"role": "system", "content": words}, first, *others]
