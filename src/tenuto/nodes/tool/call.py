"""Call a tool by its name."""

import asyncio
import time
from typing import Any, Final

from tenuto.sdk import Context, NodeError, node
from tenuto.sdk.agents import Tool
from tenuto.sdk.agents.asking_person import NAME as ASK_PERSON
from tenuto.sdk.agents.fitting import unfit
from tenuto.sdk.agents.large import kept

PATIENCE: Final = 120.0  # seconds for a tool that says nothing


@node("tool.call")
async def call(  # noqa: D417  `ctx` is no input
    tool: str, arguments: dict[str, Any] | None = None, *, whole: bool = False, ctx: Context
) -> Any:
    """Call a tool of agents by its name: an MCP server's, a service's, a flow, another agent.

    An answer of more than 64 kB is kept as a file: `{file, size, beginning}`.

    Args:
        tool: Its whole name, such as `mcp:tickets/search` or `http:search_documents`.
        arguments: What it is given; they are checked against its schema before the call.
        whole: Whether an answer is handed on as it is, however large, to nodes that go on with it.
    """
    found = await ctx.agents.tools([tool])
    if len(found) != 1:
        raise NodeError(f"`{tool}` is {len(found)} tools: name one of them", type="tool", retry=False)
    meant, given = found[0], arguments or {}
    wrong = unfit(meant.parameters, given)
    if wrong:
        raise NodeError(f"the arguments do not fit `{meant.name}`: {'; '.join(wrong)}", type="input", retry=False)
    if meant.name == ASK_PERSON:  # it is no step: it waits
        return await meant.call(given, ctx, "answer")
    effects = "idempotent" if meant.durable else meant.effects
    return await ctx.step("call", _called(meant, ctx, whole=whole), meant.name, given, effects=effects)


def _called(tool: Tool, ctx: Context, *, whole: bool) -> Any:
    async def made(_: str, given: dict[str, Any]) -> Any:
        began = time.monotonic()
        try:
            answer = await _answer(tool, given, ctx)
        except NodeError as error:
            _log(ctx, tool, "failed", began, error=error.message)
            raise
        _log(ctx, tool, "answered", began)
        return answer if whole else await kept(tool, answer, ctx, "call")

    return made


async def _answer(tool: Tool, given: dict[str, Any], ctx: Context) -> Any:
    try:
        async with asyncio.timeout(None if tool.durable else tool.timeout or PATIENCE):
            return await tool.call(given, ctx, "call")
    except TimeoutError:
        raise NodeError(f"`{tool.name}` did not answer in time", type="timeout") from None


def _log(ctx: Context, tool: Tool, status: str, began: float, **more: str) -> None:
    """As calls of agents are logged."""
    ms = round((time.monotonic() - began) * 1_000)
    ctx.log(f"{tool.name} {status}", tool=tool.name, status=status, ms=ms, **more)
