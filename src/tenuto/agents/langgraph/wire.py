"""LangChain's own classes, asked in our words: what they say on the wire is heard to its end and becomes one answer."""

import json
from contextlib import aclosing
from typing import Any, Final, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, SystemMessage

from tenuto.agents.langgraph.models import native, speaks_to
from tenuto.agents.langgraph.translate import our_answer, to_langchain, tools_of
from tenuto.sdk.agents import Answer, Ask, Endpoint, Model, ModelError, ModelSpec
from tenuto.sdk.agents.model import Tell

_WITHOUT_HEADERS: Final = frozenset({"bedrock"})
_WITHOUT_SCHEMA: Final = frozenset({"bedrock"})  # a wire that has no place for the schema of an answer


class Wire:
    """A `Model` of ours over the class that LangChain has for the provider."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        async with native(self._spec, ask) as (chat, more):
            if self._spec.provider not in _WITHOUT_HEADERS:
                more = {**more, "extra_headers": {"Idempotency-Key": key}}  # noqa: PLW2901  what it is asked with
            return our_answer(await _heard(chat, self._spec, ask, more, tell), self._spec)


def wired(endpoint: Endpoint) -> Model:
    """Who asks there: LangChain's own class where there is one, else (a script, a local model) our own."""
    return Wire(endpoint.spec) if speaks_to(endpoint.spec) else endpoint.model


async def _heard(chat: BaseChatModel, spec: ModelSpec, ask: Ask, more: dict[str, Any], tell: Tell) -> AIMessage:
    messages = to_langchain(ask["messages"], spec)
    if ask.get("output") and spec.provider in _WITHOUT_SCHEMA:
        messages = [SystemMessage(_in_words(ask)), *messages]
    asked = chat.bind_tools(tools_of(ask["tools"])) if ask["tools"] else chat
    heard: AIMessageChunk | None = None
    async with aclosing(cast("Any", asked.astream(messages, **more))) as pieces:
        async for piece in pieces:
            heard = piece if heard is None else heard + piece
            if text := str(piece.text):
                tell(text)
    if heard is None:
        raise ModelError(f"{spec.name} said nothing")
    return heard


def _in_words(ask: Ask) -> str:
    return f"Answer with JSON that fits this JSON Schema, and nothing else: {json.dumps(ask.get('output'))}"
