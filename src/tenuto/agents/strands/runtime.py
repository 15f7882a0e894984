"""Agent files with `runtime: strands`: Strands drives the loop; each question to a model and each call of a tool is the desk's."""

from strands import Agent
from strands.agent.conversation_manager import NullConversationManager
from strands.hooks import AfterToolsEvent, HookCallback

from tenuto.agents.strands.model import DurableModel
from tenuto.agents.strands.tools import Calls, Known
from tenuto.agents.strands.translate import strands_messages
from tenuto.agents.strands.wire import wired
from tenuto.sdk import Context, NodeError
from tenuto.sdk.agents import Result, Work
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.leaving import WayOut
from tenuto.sdk.agents.prompt import opening


class Strands:
    async def run(self, work: Work, ctx: Context) -> Result:
        desk = await Desk.open(work, ctx, wired=wired)
        out = WayOut()
        schemas = desk.caller.schemas
        model = DurableModel(desk.asker.ask, out, tools=schemas, output=desk.output)
        system, *said = opening(work)
        *history, task = strands_messages(said)
        agent = Agent(
            model=model,
            name=work.agent.name,
            system_prompt=str(system["content"]),
            messages=history,
            tools=[Known(schema["name"]) for schema in schemas],
            tool_executor=Calls(desk.caller.call, out),
            conversation_manager=NullConversationManager(),
            retry_strategy=None,  # the endpoint asks again, where that helps
            callback_handler=None,
        )
        agent.add_hook(_ending(desk, model), AfterToolsEvent)
        try:
            await agent.invoke_async(task["content"])
        except Exception as error:  # noqa: BLE001  whatever Strands raises, it gave up
            out.end()
            raise NodeError(f"Strands gave up: {type(error).__name__}: {error}", type="agent") from None
        out.end()
        answer = model.answer
        assert answer is not None
        return desk.handed_off(answer["tool_calls"]) or desk.result(answer["text"], answer.get("data"))


def _ending(desk: Desk, model: DurableModel) -> HookCallback[AfterToolsEvent]:
    def end(event: AfterToolsEvent) -> None:
        """Who has handed the task over is not asked again."""
        calls = [] if model.answer is None else model.answer["tool_calls"]
        event.end_turn = desk.handed_off(calls) is not None

    return end
