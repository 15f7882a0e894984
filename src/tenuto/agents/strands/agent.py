"""`strands.agent`: a person's own agent of Strands as one node of a flow."""

from typing import Any

from tenuto.sdk import Context, node
from tenuto.sdk.agents.agent import MAX_TURNS
from tenuto.sdk.agents.later import loaded
from tenuto.sdk.agents.own import Terms


@node("strands.agent")
async def agent(  # noqa: D417  `ctx` is no input
    agent: str,
    task: str,
    model: str | None = None,
    output: dict[str, Any] | None = None,
    approve: list[str] | None = None,
    once: list[str] | None = None,
    budget: dict[str, float] | None = None,
    max_turns: int = MAX_TURNS,
    *,
    ctx: Context,
) -> dict[str, Any]:
    """Run your own Strands agent: each model call and each tool call is a step, so that none is paid or made twice.

    Args:
        agent: `my_module:agent`, an `Agent` of Strands in the project's folder or in an installed package.
        task: What it is asked.
        model: A model of Tenuto's, such as `openai:gpt-5`, in place of the agent's own.
        output: A JSON Schema that its answer shall fit; the answer is in `data`.
        approve: Its tools that need a person.
        once: Its tools of which a call must not be repeated when its answer was lost.
        budget: What it may spend, `usd` and `tokens`.
        max_turns: How often it may ask its model.
    """
    terms = Terms(
        model=model,
        output=output,
        approve=tuple(approve or ()),
        once=tuple(once or ()),
        budget=budget or {},
        max_turns=max_turns,
    )
    own = await loaded("tenuto.agents.strands.own", "strands")
    return await own.run_named(agent, task, terms, ctx)
