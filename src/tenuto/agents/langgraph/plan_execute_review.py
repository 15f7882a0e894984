"""`langgraph.plan_execute_review`: one task through three phases of one agent, as a graph whose calls are all durable."""

from typing import Any, TypedDict

from tenuto.agents.langgraph.installed import needed
from tenuto.sdk import Context, NodeError, node
from tenuto.sdk.agents import Usage
from tenuto.sdk.agents.recording import recorded_agent
from tenuto.sdk.agents.standing import Standing

needed()

MOST_ROUNDS = 10


class Reviewed(TypedDict):
    """`text`: the result. `review`: the last verdict, null where none was asked for. `rounds`: how often it was executed."""

    text: str
    plan: str
    review: dict[str, Any] | None
    rounds: int
    usage: Usage


@node("langgraph.plan_execute_review")
async def plan_execute_review(  # noqa: D417  `ctx` is no input
    task: str,
    agent: str,
    model: str | None = None,
    parameters: dict[str, Any] | None = None,
    rounds: int = 1,
    plan_seconds: float = 60,
    execute_seconds: float = 300,
    review_seconds: float = 30,
    *,
    ctx: Context,
) -> Reviewed:
    """Plan a task, execute it, review the result; execute it again where the review asks for it.

    Args:
        task: What is to be done.
        agent: The agent that does it. It plans and reviews without its tools.
        model: In place of the agent's own, such as `openai:gpt-5`.
        parameters: Texts and data that the task speaks of, by name.
        rounds: How often it is executed at most, each time followed by a review; 0 executes it once, without one.
        plan_seconds: The longest that planning may take.
        execute_seconds: The longest that executing may take, each time.
        review_seconds: The longest that reviewing may take, each time.
    """
    from tenuto.agents.langgraph.phases import Crew, graph
    from tenuto.agents.langgraph.quiet import alone

    if not 0 <= rounds <= MOST_ROUNDS:
        raise NodeError(f"`rounds` is {rounds}, it must be from 0 to {MOST_ROUNDS}", type="input", retry=False)
    who = await recorded_agent(ctx, agent, **({"model": [model]} if model else {}))
    standing = Standing.of(who, ctx)
    crew = Crew(
        ctx=ctx,
        agent=who,
        standing=standing,
        seconds={"plan": plan_seconds, "execute": execute_seconds, "review": review_seconds},
        rounds=rounds,
        parameters=parameters or {},
    )
    with alone():
        ended = await graph.ainvoke({"task": task}, {"recursion_limit": 3 + 2 * MOST_ROUNDS}, context=crew)
    return _reviewed(ended, standing)


def _reviewed(ended: dict[str, Any], standing: Standing) -> Reviewed:
    used = standing.ledger.used
    usage: Usage = {"tokens": round(used["tokens"])}
    return {
        "text": ended["result"],
        "plan": ended["plan"],
        "review": ended.get("review"),
        "rounds": ended["rounds"],
        "usage": {**usage, "usd": used["usd"]} if used["usd"] else usage,
    }
