"""The tool seam: what an agent of Strands takes for its tools, and who runs the calls of one turn.

Strands' own runner starts a task for each call and loses what is no `Exception` on the way; this one lets it through.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, cast

from strands.tools.executors._executor import ToolExecutor
from strands.types._events import ToolResultEvent
from strands.types.tools import AgentTool, ToolGenerator, ToolResult, ToolSpec, ToolUse

from tenuto.agents.strands.translate import tool_result
from tenuto.sdk.agents import Message, ToolCall
from tenuto.sdk.agents.leaving import WayOut


class Known(AgentTool):
    """That there is a tool of this name. The model seam tells the model of it, and `Calls` calls it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    @property
    def tool_name(self) -> str:
        return self._name

    @property
    def tool_spec(self) -> ToolSpec:
        return {"name": self._name, "description": self._name, "inputSchema": {"json": {"type": "object"}}}

    @property
    def tool_type(self) -> str:
        return "tenuto"

    def stream(self, tool_use: ToolUse, *_: Any, **__: Any) -> ToolGenerator:
        raise AssertionError(f"{tool_use['name']} is called by `Calls`")


class Calls(ToolExecutor):
    """Runs the calls of one turn. `call`: checks, approves, records and answers each of them."""

    def __init__(self, call: Callable[[ToolCall], Awaitable[Message]], out: WayOut) -> None:
        self._call = call
        self._out = out

    async def _execute(  # pyright: ignore[reportIncompatibleMethodOverride]  what it has no use for is not named
        self, agent: Any, tool_uses: list[ToolUse], tool_results: list[ToolResult], *_: Any
    ) -> AsyncGenerator[ToolResultEvent]:
        del agent
        for use in tool_uses:
            with self._out:
                message = await self._call(call_of(use))
            result = tool_result(message)
            tool_results.append(result)
            yield ToolResultEvent(result)


def call_of(use: ToolUse) -> ToolCall:
    given: Any = use["input"]
    arguments = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
    return {"id": use["toolUseId"], "name": use["name"], "arguments": arguments}
