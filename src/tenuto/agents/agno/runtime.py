"""Agent files with `runtime: agno`: Agno drives the loop; each question to a model and each call of a tool is the desk's."""

from typing import Any, cast

from agno.agent import Agent
from agno.tools.function import Function

from tenuto.agents.agno.model import DurableModel
from tenuto.agents.agno.outcome import settled
from tenuto.agents.agno.translate import agno_messages
from tenuto.agents.agno.wire import wired
from tenuto.sdk import Context
from tenuto.sdk.agents import Result, Work
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.agents.prompt import opening


class Agno:
    async def run(self, work: Work, ctx: Context) -> Result:
        desk = await Desk.open(work, ctx, wired=wired)
        out = WayOut()
        name, schemas = work.agent.name, desk.caller.schemas
        model = DurableModel(
            name, desk.asker.ask, desk.caller.call, out, tools=schemas, output=desk.output, over=desk.handed_off
        )
        system, *said = opening(work)
        *history, task = agno_messages(said)
        agent = Agent(
            model=model,
            name=name,
            system_message=str(system["content"]),
            additional_input=list(history),
            tools=[_known(schema["name"]) for schema in schemas],
            resolve_in_context=False,  # a `{name}` of the prompt is the prompt's
            telemetry=False,
        )
        await settled(cast("Any", agent).arun(task), out)
        answer = model.answer
        assert answer is not None
        return desk.handed_off(answer["tool_calls"]) or desk.result(answer["text"], answer.get("data"))


def _known(name: str) -> Function:
    """That there is a tool of this name. The model seam tells the model of it, and calls it."""
    return Function(name=name, skip_entrypoint_processing=True)
