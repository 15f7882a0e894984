"""The tools of a person's own agent of Agno, made as Agno makes them; what came of a call is recorded as the model reads it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, cast

from agno.exceptions import AgentRunException
from agno.run.agent import RunContentEvent
from agno.run.team import RunContentEvent as TeamContentEvent
from agno.tools.function import Function, FunctionCall, ToolResult
from pydantic import BaseModel

from tenuto.sdk import Context, NodeError
from tenuto.sdk.agents import ToolSchema
from tenuto.sdk.agents.own import OwnTool

Make = Callable[[FunctionCall], Awaitable[tuple[Any, ...]]]


def own_tool(schema: ToolSchema, function: Callable[[], Function], make: Make, *, once: bool) -> OwnTool:
    """`function`: as it is bound to this run, for Agno binds it anew for each. `make`: how Agno makes a call."""

    async def run(arguments: dict[str, Any], ctx: Context, key: str) -> str:
        del ctx
        call = FunctionCall(function=function(), arguments=arguments, call_id=key)
        success, *_ = await make(call)
        if isinstance(success, AgentRunException):
            raise NodeError(str(success), type="tool") from success
        if not success:
            raise NodeError(call.error or "it failed", type="tool")
        return await said(call.result)

    return OwnTool(
        name=schema["name"],
        description=schema["description"],
        parameters=schema["parameters"],
        run=run,
        effects="once" if once else "idempotent",
    )


async def said(result: Any) -> str:
    """What the model reads of a result, as Agno puts it."""
    if isinstance(result, AsyncIterator):
        return "".join([_piece(item) async for item in cast("AsyncIterator[Any]", result)])
    if isinstance(result, Iterator):
        return "".join(_piece(item) for item in cast("Iterator[Any]", result))
    return result.content if isinstance(result, ToolResult) else str(result)


def _piece(item: Any) -> str:
    if not isinstance(item, RunContentEvent | TeamContentEvent):
        return item if isinstance(item, str) else ""
    content = item.content
    return content.model_dump_json() if isinstance(content, BaseModel) else str(content or "")
