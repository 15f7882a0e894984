"""`agent:NAME`: another agent as a tool. It works inside the same node, in its own right and within its caller's bounds.

It has the tools of its own file: who grants `agent:editor` grants what the editor may do, through the editor. All that
holds for its callers holds for it too: their tenant and stage, the approvals that their files ask for, their budgets, and
what was read of strangers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.messages import Usage
from tenuto.sdk.agents.recording import recorded_agent
from tenuto.sdk.agents.runtime import Work
from tenuto.sdk.agents.scoped import Scoped
from tenuto.sdk.agents.standing import Standing
from tenuto.sdk.agents.taint import Taint
from tenuto.sdk.agents.tool import Effects
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError

PREFIX: Final = "agent:"
DEEPEST: Final = 5  # agents that call one another, the first one counted


@dataclass(slots=True, frozen=True)
class Delegated:
    """What an agent that was called answers, what it spent, and what it has read, with what its caller had read before."""

    answer: Any
    spent: Usage
    taint: Taint


class AgentTool:
    """`above`: the agent at work that may call it."""

    effects: Effects = "idempotent"
    durable = True
    timeout = None
    trusted = True
    sends = False
    parameters: Mapping[str, Any] = {
        "type": "object",
        "properties": {
            "task": {
                "type": "string",
                "minLength": 1,
                "description": "All that it needs to know: it sees nothing else",
            },
            "parameters": {"type": "object", "description": "Texts and data that the task speaks of, by name"},
            "hand_off": {
                "type": "boolean",
                "description": "True: its answer is the final one, given as it stands, and your own work ends with it",
            },
        },
        "required": ["task"],
        "additionalProperties": False,
    }

    def __init__(self, agent: Agent, above: Standing) -> None:
        self.name = f"{PREFIX}{agent.name}"
        self.description = agent.description or f"The agent {agent.name}."
        self._agent = agent.name
        self._above = above

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Delegated:
        self._refuse()
        taint = self._above.taint.copy()
        inner = Scoped(ctx, f"{key}/", agent=self._agent)
        agent = await recorded_agent(inner, self._agent)
        work = Work(
            agent=agent,
            task=arguments["task"],
            parameters=arguments.get("parameters", {}),
            callers=self._above.line,
            above=replace(self._above, taint=taint),
        )
        result = await ctx.agents.runtime(agent.runtime).run(work, inner)
        answer = {"text": result["text"], "data": result["data"]} if "data" in result else result["text"]
        return Delegated(answer, result["usage"], taint)

    def _refuse(self) -> None:
        line = self._above.line
        if self._agent in line:
            message = f"{' -> '.join(line)} are at work on this already, and {self._agent} is one of them"
            raise NodeError(message, type="agent", retry=False)
        if len(line) >= DEEPEST:
            raise NodeError(f"{DEEPEST} agents call one another already: do it yourself", type="agent", retry=False)
