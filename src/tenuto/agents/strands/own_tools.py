"""The tools of a person's own agent: each call is recorded, with the hooks around it; what a tool or a hook asks goes to the inbox."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, cast

from strands import Agent
from strands.interrupt import Interrupt
from strands.tools.executors._executor import ToolExecutor
from strands.tools.structured_output.structured_output_tool import StructuredOutputTool
from strands.types._events import ToolInterruptEvent, ToolResultEvent
from strands.types.tools import AgentTool, ToolResult, ToolUse

from tenuto.agents.strands.tools import call_of
from tenuto.agents.strands.translate import result_text, tool_result
from tenuto.sdk import Context, NodeError
from tenuto.sdk.agents import Message, ToolCall
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.agents.own import OwnTool, answered

_FAILED = "Error: "


class OwnCalls(ToolExecutor):
    """Runs the calls of one turn. `agent`: whose they are. `call`: records and answers each of them."""

    agent: Agent
    call: Callable[[ToolCall], Awaitable[Message]]

    def __init__(self, out: WayOut) -> None:
        self._out = out
        self._turn: tuple[Any, ...] = ()

    async def _execute(  # pyright: ignore[reportIncompatibleMethodOverride]  what is only handed on is not named
        self, agent: Agent, tool_uses: list[ToolUse], tool_results: list[ToolResult], *turn: Any
    ) -> AsyncGenerator[Any]:
        self.agent, self._turn = agent, turn
        for use in tool_uses:
            if self.aside(use["name"]):
                async for event in self.made(use, tool_results):
                    yield event
                continue
            with self._out:
                message = await self.call(call_of(use))
            result = tool_result(message)
            tool_results.append(result)
            yield ToolResultEvent(result)

    def aside(self, tool: str) -> bool:
        """That of a `structured_output_model` only looks at the answer, and remembers it."""
        return isinstance(tools_of(self.agent).get(tool), StructuredOutputTool)

    def made(self, use: ToolUse, results: list[ToolResult]) -> AsyncGenerator[Any]:
        """One call as Strands makes it, with its hooks; what came of it is added to the results."""
        return ToolExecutor._stream_with_trace(self.agent, use, results, *self._turn)  # noqa: SLF001  as its own executors do


def tools_of(agent: Agent) -> dict[str, AgentTool]:
    """All that it has now: it may load more while it runs."""
    return {**agent.tool_registry.registry, **agent.tool_registry.dynamic_tools}


def own_tool(tool: AgentTool, calls: OwnCalls, *, once: bool) -> OwnTool:
    spec = tool.tool_spec
    schema = cast("dict[str, Any]", spec["inputSchema"])

    async def run(arguments: dict[str, Any], ctx: Context, key: str) -> str:
        return await _run(calls, {"toolUseId": key, "name": tool.tool_name, "input": arguments}, ctx, key)

    return OwnTool(
        name=tool.tool_name,
        description=spec["description"],
        parameters=schema.get("json", schema),
        run=run,
        effects="once" if once else "idempotent",
    )


async def _run(calls: OwnCalls, use: ToolUse, ctx: Context, key: str) -> str:
    """Made again for each answer of a person, as Strands does it: `interrupt()` returns what was answered."""
    while True:
        results: list[ToolResult] = []
        asking: list[Interrupt] = []
        async for event in calls.made(use, results):
            if isinstance(event, ToolInterruptEvent):
                asking.extend(event.interrupts)
        if not asking:
            return _said(results[0])
        for interrupt in asking:
            asked_before(calls.agent)[interrupt.id] = interrupt
            interrupt.response = await answered(ctx, f"{key}/{interrupt.name}", *_question(interrupt))


def asked_before(agent: Agent) -> dict[str, Interrupt]:
    """Where `interrupt()` looks for the answer."""
    return cast("Any", agent)._interrupt_state.interrupts  # noqa: SLF001  there is no other way to it


def _question(interrupt: Interrupt) -> tuple[str, Any]:
    reason = interrupt.reason
    return (reason, None) if isinstance(reason, str) and reason else (interrupt.name, reason)


def _said(result: ToolResult) -> str:
    text = result_text(result)
    if result["status"] == "error":
        raise NodeError(text.removeprefix(_FAILED), type="tool")
    return text
