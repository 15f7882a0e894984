"""What a runtime works with: an agent at work, its model and its tools. `Desk.open(work, ctx)` is all that a runtime needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.asking import Asker, ours
from tenuto.sdk.agents.asking_person import NAME as ASK_PERSON
from tenuto.sdk.agents.asking_person import AskPerson
from tenuto.sdk.agents.calling import Caller
from tenuto.sdk.agents.delegating import PREFIX, AgentTool
from tenuto.sdk.agents.messages import ToolCall, Usage
from tenuto.sdk.agents.model import Endpoint, Model
from tenuto.sdk.agents.runtime import Result, Work
from tenuto.sdk.agents.standing import Standing
from tenuto.sdk.agents.taint import Taint
from tenuto.sdk.agents.tool import Tool
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError


@dataclass(slots=True, frozen=True)
class Desk:
    work: Work
    standing: Standing
    asker: Asker
    caller: Caller

    @classmethod
    async def open(cls, work: Work, ctx: Context, *, wired: Callable[[Endpoint], Model] = ours) -> "Desk":
        """`wired`: who asks at an endpoint; our own client unless a runtime brings its framework's."""
        standing = Standing.of(work.agent, ctx, work.above)
        for message in work.history:
            if "strangers" in message:  # what was remembered of them is theirs still
                standing.taint.join(Taint(list(message["strangers"]), ["session"]))
        caller = Caller(standing, await _granted(work.agent, standing))
        return cls(work, standing, Asker(standing, caller.expect, wired=wired, compacts=True), caller)

    @property
    def output(self) -> dict[str, Any] | None:
        """The JSON Schema that the answer's `data` must fit."""
        wanted = self.work.output if self.work.output is not None else self.work.agent.output
        return None if wanted is None else dict(wanted)

    @property
    def usage(self) -> Usage:
        """All that was spent so far, by this agent and those that it called."""
        used = self.standing.ledger.used
        usage: Usage = {"tokens": round(used["tokens"])}
        return {**usage, "usd": used["usd"]} if used["usd"] else usage

    def result(self, text: str, data: Any = None) -> Result:
        """The answer of the agent. `data` counts where it has an output schema."""
        result: Result = {"text": text, "usage": self.usage}
        if self.standing.taint.strangers:
            result["strangers"] = list(self.standing.taint.strangers)
        return result if self.output is None else {**result, "data": data}

    def handed_off(self, calls: Sequence[ToolCall]) -> Result | None:
        """The answer of another agent, where this one did nothing in its turn but to hand its task over, and no form is asked for."""
        said = self.caller.handed_off
        if said is None or len(calls) != 1 or self.output is not None:
            return None
        return self.result(said if isinstance(said, str) else str(said.get("text", "")))


async def _granted(agent: Agent, standing: Standing) -> list[Tool]:
    """The tools that the file names. One that is not there is said in the log, and the agent works without it."""
    found: list[Tool] = []
    for name in agent.tools:
        try:
            found.extend(await _tools(name, standing))
        except NodeError as error:
            standing.ctx.log(f"{agent.name} works without {name}: {error.message}", tool=name)
    return list({tool.name: tool for tool in found}.values())


async def _tools(name: str, standing: Standing) -> list[Tool]:
    if name == ASK_PERSON:
        return [AskPerson()]
    if name.startswith(PREFIX):
        return [AgentTool(await standing.ctx.agents.agent(name.removeprefix(PREFIX)), standing)]
    found = await standing.ctx.agents.tools([name])
    # A bare name may mean an agent: it is called within the bounds of this one, like one that is named as such.
    return [each for tool in found for each in (await _own(tool, standing))]


async def _own(tool: Tool, standing: Standing) -> list[Tool]:
    return await _tools(tool.name, standing) if tool.name.startswith(PREFIX) else [tool]
