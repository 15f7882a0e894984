"""`chat_model("inherit")`: the models that Tenuto knows, as a chat model of LangChain for people's own graphs.

Found when it is asked: by the names that agents' files use, with the keys of the run's tenant, the fallbacks, and the prices.
Each question is a step, as an agent's is. It answers only within a run.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_json_schema, convert_to_openai_tool
from pydantic import BaseModel

from tenuto.agents.langgraph.seat import SEAT, Seat
from tenuto.agents.langgraph.translate import from_langchain, lc_answer
from tenuto.sdk import NodeError
from tenuto.sdk.agents import Agent, Ask
from tenuto.sdk.agents.asking import Asker
from tenuto.sdk.agents.scoped import Scoped
from tenuto.sdk.agents.standing import Standing

_ENDLESS: Final = 1_000_000_000  # turns: the graph's own limit counts
_DATA: Final = "data"


class HouseModel(BaseChatModel):
    """`names`: as an agent's file writes them; the first that answers is taken."""

    names: tuple[str, ...]

    @property
    def _llm_type(self) -> str:
        return "tenuto"

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        kwargs.pop("tool_choice", None)  # which tool it calls is the model's own choice
        return self.bind(tools=[convert_to_openai_tool(tool)["function"] for tool in tools], **kwargs)

    def with_structured_output(
        self, schema: dict[str, Any] | type, *, include_raw: bool = False, **kwargs: Any
    ) -> Runnable[Any, Any]:
        """The answer's data, which fits the schema: asked for once more where it does not."""
        if include_raw or kwargs:
            raise ValueError("`with_structured_output` of Tenuto's models takes the schema alone")
        asked = self.bind(output=convert_to_json_schema(schema))
        return asked | RunnableLambda(lambda message: _read(cast("AIMessage", message), schema))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del run_manager  # who watches the run is told of the words directly
        seat = _seat()
        answer = await _asker(seat, self.names).ask(_ask(messages, stop, kwargs))
        message = lc_answer(answer)
        seat.replayed.add(cast("str", message.id))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        del run_manager  # as above
        return _seat().wait_for(self._agenerate(messages, stop, None, **kwargs))


def _seat() -> Seat:
    seat = SEAT.get()
    if seat is None:
        raise NodeError("Tenuto's models answer in a graph that `langgraph.graph` runs", type="model", retry=False)
    return seat


def _asker(seat: Seat, names: tuple[str, ...]) -> Asker:
    """One for each task of the graph: it counts the questions, and knows what it was asked before."""
    prefix = "/".join([*filter(None, [seat.place]), names[0]])
    if prefix not in seat.askers:
        agent = Agent(name="graph", prompt="", version="", model=names, max_turns=_ENDLESS)
        standing = Standing.of(agent, Scoped(seat.ctx, f"{prefix}/"))
        seat.askers[prefix] = Asker(standing, lambda _: None)
    return cast("Asker", seat.askers[prefix])


def _ask(messages: Sequence[BaseMessage], stop: list[str] | None, asked: dict[str, Any]) -> Ask:
    options = {name: value for name, value in asked.items() if name not in {"tools", "output"}}
    ask: Ask = {"messages": from_langchain(messages), "tools": asked.get("tools", []), "output": asked.get("output")}
    return {**ask, "options": {**options, **({"stop": stop} if stop else {})}}


def _read(message: AIMessage, schema: dict[str, Any] | type) -> Any:
    data = message.additional_kwargs.get(_DATA)
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return schema.model_validate(data)
    return data
