"""A person's own agent of Strands at work: its model, its tools and the agents among them are made durable at their seams."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from strands import Agent
from strands.agent._agent_as_tool import _AgentAsTool  # pyright: ignore[reportPrivateUsage]  what `as_tool()` gives
from strands.agent.agent_result import AgentResult
from strands.types.tools import AgentTool

from tenuto.agents.strands.copying import of_this_run
from tenuto.agents.strands.model import DurableModel
from tenuto.agents.strands.own_model import OwnModel, own_endpoint
from tenuto.agents.strands.own_tools import OwnCalls, own_tool, tools_of
from tenuto.agents.strands.wire import wired
from tenuto.sdk import Context, NodeError
from tenuto.sdk.agents import Answer, Ask, Endpoint, Model, Result, Tool
from tenuto.sdk.agents.delegating import Delegated
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.agents.named import named
from tenuto.sdk.agents.own import OwnTool, Terms, own_desk
from tenuto.sdk.agents.scoped import Scoped
from tenuto.sdk.agents.standing import Standing


async def run_named(name: str, task: str, terms: Terms, ctx: Context) -> Result:
    """Run `my_module:agent`. Its first step says what was run: with another task, nothing that was recorded is taken."""
    own = named(name, Agent, "an agent of Strands", library="strands")
    await ctx.step("agent", lambda *_: {"agent": name, "runtime": "strands", "tools": own.tool_names}, name, task)
    return await OwnAgent(own, terms, ctx).run(task)


class OwnAgent:
    """One attempt at one task. `above`: the agent that called it as a tool."""

    def __init__(self, own: Agent, terms: Terms, ctx: Context, above: Standing | None = None) -> None:
        self._own = own
        self._terms = terms
        self._ctx = ctx
        self._above = above
        self._out = WayOut()

    async def run(self, task: str) -> Result:
        theirs = OwnModel(self._own.model)
        calls = OwnCalls(self._out)
        desk = own_desk(
            self._own.name,
            task,
            self._terms,
            self._ctx,
            wired=_wired,
            own=[own_endpoint(theirs)],
            above=self._above,
            aside=calls.aside,
        )
        calls.call = desk.caller.call
        model = DurableModel(self._granting(desk, calls), self._out, output=self._terms.output, asked=theirs.before)
        calls.agent = of_this_run(self._own, model, calls)
        try:
            result = await calls.agent.invoke_async(task)
        except Exception as error:  # noqa: BLE001  whatever Strands raises, it gave up
            self._out.end()
            raise NodeError(f"Strands gave up: {type(error).__name__}: {error}", type="agent") from None
        self._out.end()
        return _answered(desk, result, model.answer)

    def _granting(self, desk: Desk, calls: OwnCalls) -> Callable[[Ask], Any]:
        """Its tools are those that it has when it asks: an agent of Strands may load more of them."""

        async def ask(question: Ask) -> Answer:
            known = {tool.name for tool in desk.caller.tools}
            found = tools_of(calls.agent)
            desk.caller.grant([self._tool(tool, desk, calls) for name, tool in found.items() if name not in known])
            return await desk.asker.ask(question)

        return ask

    def _tool(self, tool: AgentTool, desk: Desk, calls: OwnCalls) -> Tool:
        if not isinstance(tool, _AgentAsTool):
            return own_tool(tool, calls, once=tool.tool_name in self._terms.once)
        spec = tool.tool_spec
        return OwnTool(
            name=tool.tool_name,
            description=spec["description"],
            parameters=cast("Any", spec["inputSchema"])["json"],
            run=_Called(tool.agent, tool.tool_name, desk.standing, self._terms).run,
            durable=True,
        )


@dataclass(slots=True, frozen=True)
class _Called:
    """An agent that another one has for a tool. It begins anew with each call."""

    own: Agent
    name: str
    above: Standing
    terms: Terms

    async def run(self, arguments: dict[str, Any], ctx: Context, key: str) -> Delegated:
        inner = Scoped(ctx, f"{key}/", agent=self.name)
        taint = self.above.taint.copy()
        terms = Terms(model=self.terms.model, once=self.terms.once)
        called = OwnAgent(self.own, terms, inner, replace(self.above, taint=taint))
        result = await called.run(str(arguments.get("input", "")))
        return Delegated(result.get("data") or result["text"], result["usage"], taint)


def _wired(endpoint: Endpoint) -> Model:
    return endpoint.model if isinstance(endpoint.model, OwnModel) else wired(endpoint)


def _answered(desk: Desk, result: AgentResult, answer: Answer | None) -> Result:
    """Its text; as `data` what its `structured_output_model` holds, or what the node's `output` asked for."""
    text = str(result).rstrip("\n")
    made: Result = {"text": text, "usage": desk.usage}
    if result.structured_output is not None:
        return {**made, "data": result.structured_output.model_dump(mode="json")}
    return made if desk.output is None or answer is None else {**made, "data": answer.get("data")}
