"""The model seam: what an agent of Strands takes for its model. Each question is one durable step, whoever answers it."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from strands.models import Model
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolSpec

from tenuto.agents.strands.translate import events_of, our_ask
from tenuto.sdk.agents import Answer, Ask, ToolSchema
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.errors import NodeError


@dataclass(slots=True, frozen=True)
class Asked:
    """A question as Strands puts it to its model: what its own classes understand in full. `known`: how many messages it has in our words."""

    messages: Messages
    specs: list[ToolSpec] | None
    system: str | None
    more: Mapping[str, Any]
    known: int


class DurableModel(Model):
    """`ask`: answers durably. `answer`: the last one that was given. `asked`: is told of each question as Strands puts it.

    `tools`: as the model is told of them, where Strands' own view of them (it fills schemas in) does not count. `output`: the
    JSON Schema that the agent's answer shall fit.
    """

    def __init__(
        self,
        ask: Callable[[Ask], Awaitable[Answer]],
        out: WayOut,
        *,
        tools: Sequence[ToolSchema] | None = None,
        output: Mapping[str, Any] | None = None,
        asked: Callable[[Asked], None] | None = None,
    ) -> None:
        self._ask = ask
        self._out = out
        self._tools = tools
        self._output = None if output is None else dict(output)
        self._asked = asked
        self.answer: Answer | None = None

    def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        **more: Any,
    ) -> AsyncIterator[StreamEvent]:
        ask: Ask = {**our_ask(messages, tool_specs, system_prompt), "output": self._output}
        if self._asked is not None:
            self._asked(Asked(messages, tool_specs, system_prompt, more, len(ask["messages"])))
        return self._answered(ask if self._tools is None else {**ask, "tools": list(self._tools)})

    async def _answered(self, ask: Ask) -> AsyncGenerator[StreamEvent]:
        with self._out:
            self.answer = await self._ask(ask)
        for event in events_of(self.answer):
            yield event

    def get_config(self) -> dict[str, Any]:
        return {}

    def update_config(self, **model_config: Any) -> None:
        del model_config

    def structured_output(
        self, output_model: Any, prompt: Messages, system_prompt: str | None = None, **_: Any
    ) -> NoReturn:
        """The old way, which goes around the agent's loop."""
        del output_model, prompt, system_prompt
        message = "give the agent a `structured_output_model`, or the node an `output`"
        raise NodeError(message, type="agent", retry=False)
