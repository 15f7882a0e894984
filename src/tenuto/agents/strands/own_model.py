"""The model that a person gave to their agent, asked in our words, and in its own where it has more of them."""

from typing import Any, cast

from strands.models import Model

from tenuto.agents.strands.model import Asked
from tenuto.agents.strands.translate import strands_messages
from tenuto.agents.strands.wire import heard
from tenuto.sdk.agents import Answer, Ask, ModelSpec
from tenuto.sdk.agents.clients import in_words
from tenuto.sdk.agents.model import Tell
from tenuto.sdk.agents.own import OwnEndpoint

_APART = ("Anthropic", "Bedrock")  # they count cached tokens apart from the input


class OwnModel:
    """`before`: how Strands puts the question that comes next, with all that its classes understand."""

    def __init__(self, own: Model) -> None:
        self.own = own
        self._asked: Asked | None = None

    @property
    def name(self) -> str:
        config: Any = self.own.get_config()
        known = cast("dict[str, Any]", config).get("model_id") if isinstance(config, dict) else None
        return str(known or type(self.own).__name__)

    def before(self, asked: Asked) -> None:
        self._asked = asked

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        del key
        asked = self._asked
        assert asked is not None
        messages = [*asked.messages, *strands_messages(ask["messages"][asked.known :])]
        chunks = self.own.stream(messages, asked.specs, **_system(asked, ask))
        apart = type(self.own).__name__.startswith(_APART)
        return await heard(chunks, tell, f"strands:{self.name}", apart=apart)


def own_endpoint(model: OwnModel) -> OwnEndpoint:
    return OwnEndpoint(ModelSpec(provider="strands", model=model.name, chosen="by the agent"), model)


def _system(asked: Asked, ask: Ask) -> dict[str, Any]:
    """The prompt, with the schema of the answer in words: not every class has a place for one."""
    schema = ask.get("output")
    more = {name: value for name, value in asked.more.items() if name != "system_prompt_content"}
    content = asked.more.get("system_prompt_content")
    if not schema:
        return {**asked.more, "system_prompt": asked.system}
    words = in_words(schema)
    blocks = {"system_prompt_content": [*content, {"text": words}]} if content else {}
    return {**more, **blocks, "system_prompt": "\n\n".join(filter(None, [asked.system, words]))}
