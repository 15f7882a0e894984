"""The first step of every agent at work: who it is. What its file says later is of no matter to a run under way."""

from typing import Any

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.agent_json import agent_json, agent_of
from tenuto.sdk.context import Context


async def recorded_agent(ctx: Context, name: str, **changed: Any) -> Agent:
    """The agent of that name as it was when it began. `changed`: fields that the caller sets, such as its model."""

    async def find(wanted: str) -> dict[str, Any]:
        return {**agent_json(await ctx.agents.agent(wanted)), **changed}

    return agent_of(await ctx.step("agent", find, name))
