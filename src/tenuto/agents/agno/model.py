"""The seams: what an agent of Agno takes for its model, which in Agno also runs the tools of a turn.

Each question is one durable step, whoever answers it; each call of a tool is the caller's.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from agno.models.base import Model
from agno.models.message import Message as AgnoMessage
from agno.models.response import ModelResponse
from agno.tools.function import Function, FunctionCall, FunctionExecutionResult
from agno.utils.timer import Timer

from tenuto.agents.agno.translate import our_ask, our_call, response_of
from tenuto.sdk.agents import Answer, Ask, Message, ToolCall, ToolSchema
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.errors import NodeError

AskModel = Callable[[Ask], Awaitable[Answer]]
CallTool = Callable[[ToolCall], Awaitable[Message]]
_FAILED = "Error: "  # how the answer of a tool begins that has none


class DurableModel(Model):
    """`answer`: the last one that was given.

    `tools`: as the model is told of them, where Agno's own view of them does not count. `output`: the JSON Schema that the
    agent's answer shall fit. `over`: whether the agent is not asked again after these calls.
    """

    def __init__(
        self,
        name: str,
        ask: AskModel,
        call: CallTool,
        out: WayOut,
        *,
        tools: Sequence[ToolSchema] | None = None,
        output: Mapping[str, Any] | None = None,
        over: Callable[[Sequence[ToolCall]], Any] = lambda _: None,
    ) -> None:
        super().__init__(id=name, name="Tenuto", provider="Tenuto", retries=0, retry_with_guidance=False)
        self._ask = ask
        self._call = call
        self._out = out
        self._tools = tools
        self._output = None if output is None else dict(output)
        self._over = over
        self.answer: Answer | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "DurableModel":
        """Of one agent in one attempt: a copy of the agent asks through the same seam."""
        return self

    @property
    def seam(self) -> WayOut:
        """What is raised here ends the run, whatever Agno makes of it."""
        return self._out

    # --- the model

    async def ainvoke(
        self, messages: list[AgnoMessage], *_: Any, tools: list[dict[str, Any]] | None = None, **__: Any
    ) -> ModelResponse:
        ask: Ask = {**our_ask(messages, tools), "output": self._output}
        if self._tools is not None:
            ask["tools"] = list(self._tools)
        with self.seam:
            self.answer = await self._ask(ask)
        return response_of(self.answer)

    async def ainvoke_stream(self, *args: Any, **kwargs: Any) -> AsyncGenerator[ModelResponse]:
        """Its text was streamed to whoever watches as it came."""
        yield await self.ainvoke(*args, **kwargs)

    def invoke(self, *_: Any, **__: Any) -> NoReturn:
        raise NodeError("Agno asked its model from a thread; a run waits for nothing there", type="agent", retry=False)

    def invoke_stream(self, *_: Any, **__: Any) -> Iterator[ModelResponse]:
        self.invoke()

    def _parse_provider_response(self, response: Any, **_: Any) -> ModelResponse:
        return response

    def _parse_provider_response_delta(self, response: Any) -> ModelResponse:
        return response

    # --- the tools

    def get_function_calls_to_run(
        self,
        assistant_message: AgnoMessage,
        messages: list[AgnoMessage],
        functions: dict[str, Function] | None = None,
    ) -> list[FunctionCall]:
        """All of them, with their arguments as the model wrote them: what is wrong with one is the caller's to say."""
        del messages
        return [self._asked_for(call, functions or {}) for call in assistant_message.tool_calls or ()]

    def _asked_for(self, call: dict[str, Any], functions: Mapping[str, Function]) -> FunctionCall:
        asked = our_call(call)
        function = functions.get(asked["name"]) or Function(name=asked["name"])
        made = FunctionCall(function=function, arguments=asked["arguments"], call_id=asked["id"])
        made.error = asked.get("wrong")
        return made

    async def arun_function_call(
        self, function_call: FunctionCall
    ) -> tuple[bool, Timer, FunctionCall, FunctionExecutionResult]:
        timer = Timer()
        with self.seam, timer:
            answer = await self._call(call_of(function_call))
        text = str(answer["content"])
        if self.answer is not None and self._over(self.answer["tool_calls"]) is not None:
            function_call.function.stop_after_tool_call = True
        failed = text.startswith(_FAILED)
        function_call.result, function_call.error = text, text if failed else None
        result = FunctionExecutionResult(status="failure" if failed else "success", result=text)
        return not failed, timer, function_call, result


def call_of(made: FunctionCall) -> ToolCall:
    call: ToolCall = {"id": made.call_id or "", "name": made.function.name, "arguments": made.arguments or {}}
    return {**call, "wrong": made.error} if made.error else call
