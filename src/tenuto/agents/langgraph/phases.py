"""Plan, execute, review: a graph of three phases, each of which is an agent at work.

    plan -> execute -> review -> the end, or once more execute with what the review found
                    -> the end, where no review is wanted or nothing was made

Planning and reviewing are done with words alone; tools are for executing. All that happens within a phase are steps, as with any
agent, so the graph keeps no checkpoints: begun again, it is where it was as soon as the steps have answered.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, TypedDict, cast

from langgraph.graph import END, START, StateGraph  # pyright: ignore[reportMissingTypeStubs]  typed, without saying so
from langgraph.runtime import Runtime

from tenuto.sdk import Context, NodeError
from tenuto.sdk.agents import Agent, Result, Work
from tenuto.sdk.agents.scoped import Scoped
from tenuto.sdk.agents.standing import Standing

Phase = Literal["plan", "execute", "review"]

PLAN: Final = (
    "Plan how to do the task below. Do not do it yet. Answer with the steps in their order, each in one or two sentences: what "
    "is done, with what, and how one sees that it worked."
)
REVIEW: Final = (
    "Judge whether the result below does what the task asks for. Approve it if it can be handed over as it is. Otherwise "
    "say exactly what has to change."
)
VERDICT: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean", "description": "Whether it can be handed over as it is"},
        "notes": {"type": "string", "description": "What has to change, or why it is good"},
    },
    "required": ["approved", "notes"],
    "additionalProperties": False,
}


class Verdict(TypedDict):
    approved: bool
    notes: str


class Progress(TypedDict, total=False):
    task: str
    plan: str
    result: str
    review: Verdict
    rounds: int


@dataclass(slots=True, frozen=True, kw_only=True)
class Crew:
    """Who is at work, and what holds for it. `standing`: above the three, so that one budget is for all of them."""

    ctx: Context
    agent: Agent
    standing: Standing
    seconds: Mapping[Phase, float]
    rounds: int
    parameters: Mapping[str, Any]

    async def work(self, phase: Phase, work: Work, number: int) -> Result:
        """One phase, within its time. What it spent waiting for a person does not count: then it begins again."""
        self.ctx.stream({"phase": phase, "round": number})
        inner = Scoped(self.ctx, f"{phase}:{number}/", agent=self.agent.name)
        limit = asyncio.timeout(self.seconds[phase])
        try:
            async with limit:
                return await self.ctx.agents.runtime(work.agent.runtime).run(work, inner)
        except TimeoutError:
            if not limit.expired():
                raise
            message = f"the phase `{phase}` took longer than {self.seconds[phase]:g} s"
            raise NodeError(message, type="timeout") from None

    def thinking(self, task: str, parameters: Mapping[str, Any], output: Mapping[str, Any] | None = None) -> Work:
        """With words alone."""
        agent = replace(self.agent, tools=(), output=None)
        return Work(agent=agent, task=task, parameters=parameters, output=output, above=self.standing)

    def doing(self, state: Progress) -> Work:
        parameters: dict[str, Any] = {**self.parameters, "plan": state.get("plan", "")}
        if "review" in state:
            parameters |= {"last_result": state.get("result", ""), "to_change": state["review"]["notes"]}
        return Work(agent=self.agent, task=state.get("task", ""), parameters=parameters, above=self.standing)


async def _plan(state: Progress, runtime: Runtime[Crew]) -> Progress:
    crew = runtime.context
    planned = await crew.work("plan", crew.thinking(PLAN, {"task": state.get("task"), **crew.parameters}), 1)
    return {"plan": planned["text"]}


async def _execute(state: Progress, runtime: Runtime[Crew]) -> Progress:
    crew, number = runtime.context, state.get("rounds", 0) + 1
    done = await crew.work("execute", crew.doing(state), number)
    return {"result": done["text"], "rounds": number}


async def _review(state: Progress, runtime: Runtime[Crew]) -> Progress:
    crew = runtime.context
    asked = {"task": state.get("task"), "plan": state.get("plan"), "result": state.get("result")}
    judged = await crew.work("review", crew.thinking(REVIEW, asked, VERDICT), state.get("rounds", 1))
    return {"review": cast("Verdict", judged.get("data"))}


def _should_review(state: Progress, runtime: Runtime[Crew]) -> bool:
    return runtime.context.rounds > 0 and bool(state.get("result", "").strip())


def _should_go_on(state: Progress, runtime: Runtime[Crew]) -> bool:
    """Once more, with what the review found."""
    approved = "review" in state and state["review"]["approved"]
    return not approved and state.get("rounds", 1) < runtime.context.rounds


def _drawn() -> Any:
    drawing = cast("Any", StateGraph(Progress, context_schema=Crew))
    drawing.add_node("plan", _plan)
    drawing.add_node("execute", _execute)
    drawing.add_node("review", _review)
    drawing.add_edge(START, "plan")
    drawing.add_edge("plan", "execute")
    drawing.add_conditional_edges("execute", _should_review, {True: "review", False: END})
    drawing.add_conditional_edges("review", _should_go_on, {True: "execute", False: END})
    return drawing.compile()


graph = _drawn()
