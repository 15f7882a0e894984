"""`agno.agent`: a person's own agent of Agno as one node of a flow."""

from typing import Any

from tenuto.sdk import Context, node
from tenuto.sdk.agents.agent import MAX_TURNS
from tenuto.sdk.agents.later import loaded
from tenuto.sdk.agents.own import Terms


@node("agno.agent")
async def agent(  # noqa: D417  `ctx` is no input
    agent: str,
    task: str,
    model: str | None = None,
    output: dict[str, Any] | None = None,
    session: str | None = None,
    approve: list[str] | None = None,
    once: list[str] | None = None,
    budget: dict[str, float] | None = None,
    max_turns: int = MAX_TURNS,
    *,
    ctx: Context,
) -> dict[str, Any]:
    """Run your own Agno agent: each model call and each tool call is a step, so that none is paid or made twice.

    Args:
        agent: `my_module:agent`, an `Agent` of Agno in the project's folder or in an installed package.
        task: What it is asked.
        model: A model of Tenuto's, such as `openai:gpt-5`, in place of the agent's own.
        output: A JSON Schema that the answer shall fit; it is in `data`.
        session: The session of Agno's own, where the agent has a database.
        approve: Tools that need a person.
        once: Tools of which a call must not be repeated when its answer was lost.
        budget: What may be spent: `usd` and `tokens`.
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
    own = await loaded("tenuto.agents.agno.own", "agno")
    return await own.run_agent(agent, task, terms, ctx, session)
