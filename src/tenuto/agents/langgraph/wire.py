"""LangChain's own classes, asked in our words: what they say on the wire is heard to its end and becomes one answer."""

import json
from contextlib import aclosing
from typing import Any, Final, cast

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, SystemMessage

from tenuto.agents.langgraph.models import native
from tenuto.agents.langgraph.translate import our_answer, to_langchain, tools_of
from tenuto.sdk.agents import Answer, Ask, Endpoint, Model, ModelError, ModelSpec
from tenuto.sdk.agents.model import Tell

_THINKS: Final = frozenset({"anthropic"})
_WITHOUT_HEADERS: Final = frozenset({"bedrock"})
_WITHOUT_SCHEMA: Final = frozenset({"bedrock"})  # a wire that has no place for the schema of an answer


class Wire:
    """A `Model` of ours over the class that LangChain has for the provider; over our own client where it has none."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        spec = self._endpoint.spec
        made = native(spec, ask)
        if made is None:
            return await self._endpoint.model.answer(ask, tell, key=key)
        chat, more = made
        if spec.provider not in _WITHOUT_HEADERS:
            more = {**more, "extra_headers": {"Idempotency-Key": key}}
        return our_answer(await _heard(chat, spec, ask, more, tell), spec.name)


def wired(endpoint: Endpoint) -> Model:
    """Who asks there."""
    return Wire(endpoint)


async def _heard(chat: BaseChatModel, spec: ModelSpec, ask: Ask, more: dict[str, Any], tell: Tell) -> AIMessage:
    messages = to_langchain(ask["messages"], thinking=spec.provider in _THINKS)
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
