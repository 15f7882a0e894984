"""The model that a person gave to their agent, asked in our words, and in Agno's own where it has more of them."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agno.models.base import Model as AgnoModel
from agno.models.message import Message as AgnoMessage

from tenuto.agents.agno.translate import agno_messages, our_answer
from tenuto.agents.agno.wire import heard, wired, with_schema
from tenuto.sdk.agents import Answer, Ask, Endpoint, Model, ModelSpec
from tenuto.sdk.agents.model import Tell
from tenuto.sdk.agents.own import OwnEndpoint

_APART = ("Claude", "AwsBedrock")  # they count cached tokens apart from the input


@dataclass(slots=True, frozen=True)
class Asked:
    """A question as Agno puts it. `known`: how many messages it has in our words."""

    messages: list[AgnoMessage]
    tools: list[dict[str, Any]] | None
    more: Mapping[str, Any]
    known: int


class OwnModel:
    """A copy without its own retries and its own cache. `before`: how Agno puts the question that comes next, with all that its classes understand."""

    def __init__(self, own: AgnoModel) -> None:
        self.own = copy.copy(own)
        self.own.retries, self.own.cache_response = 0, False  # both are ours
        self._client: Any = getattr(own, "async_client", None)
        self.name = f"agno:{own.id}"
        self._asked: Asked | None = None

    def before(self, asked: Asked) -> None:
        self._asked = asked

    async def close(self) -> None:
        """What the copy has opened; a client that the person made stays open."""
        client: Any = getattr(self.own, "async_client", None)
        if client is not None and client is not self._client:
            await client.close()

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        del key
        asked = self._asked
        assert asked is not None
        added = agno_messages(ask["messages"][asked.known :])
        messages = [*asked.messages, *added]
        if ask.get("output") and not asked.more.get("response_format"):
            messages = [*agno_messages(with_schema(ask)[:1]), *messages[1:]]
        said = await heard(self.own, messages, asked.tools or [], tell, **asked.more)
        return our_answer(said, self.name, apart=type(self.own).__name__ in _APART)


def own_endpoint(model: OwnModel) -> OwnEndpoint:
    return OwnEndpoint(ModelSpec(provider="agno", model=model.own.id, chosen="by the agent"), model)


def wired_or_own(endpoint: Endpoint) -> Model:
    return endpoint.model if isinstance(endpoint.model, OwnModel) else wired(endpoint)
