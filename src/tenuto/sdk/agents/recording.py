"""The first step of every agent at work: who it is. What its file says later is of no matter to a run under way."""

from collections.abc import Mapping
from typing import Any

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.agent_json import agent_json, agent_of
from tenuto.sdk.context import Context


async def recorded_agent(ctx: Context, name: str | Mapping[str, Any], **changed: Any) -> Agent:
    """The agent of that name as it was when it began, or one that is written where its name would stand.
    `changed`: fields that the caller sets, such as its model."""

    async def find(wanted: Any) -> dict[str, Any]:
        agent = await ctx.agents.agent(wanted) if isinstance(wanted, str) else agent_of({"version": "", **wanted})
        return {**agent_json(agent), **changed}

    return agent_of(await ctx.step("agent", find, name))
