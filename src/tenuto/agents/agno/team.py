"""`agno.team`: a team of Agno as one node of a flow, of one's own or of agent files."""

from typing import Any

from tenuto.sdk import Context, NodeError, node
from tenuto.sdk.agents.agent import MAX_TURNS
from tenuto.sdk.agents.later import loaded
from tenuto.sdk.agents.own import Terms


@node("agno.team")
async def team(  # noqa: D417  `ctx` is no input
    task: str,
    team: str | None = None,
    members: list[str] | None = None,
    instructions: str | None = None,
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
    """Run an Agno team: each model call and each tool call is a step, so that none is paid or made twice.

    Args:
        task: What it is asked.
        team: `my_module:team`, a `Team` of Agno in the project's folder or in an installed package.
        members: Agent files in its place: each member has the prompt, the model and the tools of its file.
        instructions: What the leader of such members should know.
        model: A model of Tenuto's, such as `openai:gpt-5`, in place of those of the team and its members.
        output: A JSON Schema that the answer shall fit; it is in `data`.
        session: The session of Agno's own, where the team has a database.
        approve: Tools that need a person.
        once: Tools of which a call must not be repeated when its answer was lost.
        budget: What may be spent, members included: `usd` and `tokens`.
        max_turns: How often each of them may ask its model.
    """
    terms = Terms(
        model=model,
        output=output,
        approve=tuple(approve or ()),
        once=tuple(once or ()),
        budget=budget or {},
        max_turns=max_turns,
    )
    if (team is None) == (not members):
        raise NodeError("give either `team` or `members`", type="input", retry=False)
    if team is not None:
        own = await loaded("tenuto.agents.agno.own", "agno")
        return await own.run_team(team, task, terms, ctx, session)
    files = await loaded("tenuto.agents.agno.members", "agno")
    return await files.run_members(members, task, terms, ctx, instructions)
