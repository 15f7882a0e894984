"""The node `agent`: one task for one agent, from the file of that name to its answer.

Who the agent is stands in the first step, so that a changed file touches no run in flight. Everything after it is the
runtime's, step by step.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NotRequired, TypedDict

from tenuto.sdk import Context, node
from tenuto.sdk.agents import Message, Result, Work
from tenuto.sdk.agents.conversation import entered
from tenuto.sdk.agents.prompt import task_message
from tenuto.sdk.agents.recording import recorded_agent


class Spent(TypedDict):
    """What its models cost, and those of the agents that it called."""

    tokens: int
    usd: NotRequired[float]


class Answered(TypedDict):
    text: str
    data: NotRequired[Any]
    usage: Spent


@node("agent", open_form=True)
async def agent(  # noqa: D417  what is described is the form: the host gives `ctx`, and a flow names its own parameters
    agent: str | dict[str, Any],
    task: str,
    model: str | None = None,
    session: str | None = None,
    output: dict[str, Any] | None = None,
    runtime: str | None = None,
    *,
    ctx: Context,
    **parameters: Any,
) -> Answered:
    """Give a task to an agent and wait for its answer. Every call of a model or a tool is recorded: none is made twice.

    Args:
        agent: The agent's name, as its file says it; or an agent of this flow alone, `{name, prompt, tools, …}`
        task: What it shall do
        model: In place of the agent's own, such as `openai:gpt-5`
        session: The conversation that this goes on with; what is said is remembered under that name
        output: A JSON Schema that the answer's `data` must fit
        runtime: In place of the agent's own: native, langgraph, agno or strands
    """
    begun = (
        None if session is None else await entered(ctx, session)
    )  # first of all: turns are taken in the order of runs
    who = await recorded_agent(ctx, agent, **_changed(model=model and [model], runtime=runtime))
    work = Work(agent=who, task=task, parameters=parameters, output=output)
    if begun is None:
        return _answered(await ctx.agents.runtime(who.runtime).run(work, ctx))
    conversation, history = begun
    result = await ctx.agents.runtime(who.runtime).run(replace(work, history=history), ctx)
    answer: Message = {"role": "assistant", "content": result["text"]}
    if "strangers" in result:  # what is remembered is theirs as well
        answer["strangers"] = result["strangers"]
    said: list[Message] = [task_message(work), answer]
    await conversation.add(ctx.idempotency_key, said)
    return _answered(result)


def _changed(**given: Any) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not None}


def _answered(result: Result) -> Answered:
    used: Mapping[str, Any] = result["usage"]
    usage: Spent = {"tokens": used.get("tokens", 0)}
    if "usd" in used:
        usage["usd"] = used["usd"]
    answered: Answered = {"text": result["text"], "usage": usage}
    return {**answered, "data": result["data"]} if "data" in result else answered
