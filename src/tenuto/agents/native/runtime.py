"""Model, tools, model, … until the model asks for no more tools. All that makes it durable is the desk's."""

from tenuto.sdk import Context
from tenuto.sdk.agents import Answer, Ask, Message, Result, Work
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.prompt import opening


class Native:
    async def run(self, work: Work, ctx: Context) -> Result:
        desk = await Desk.open(work, ctx)
        messages = opening(work)
        while True:
            answer = await desk.asker.ask(_question(desk, messages))
            if not answer["tool_calls"]:
                return desk.result(answer["text"], answer.get("data"))
            messages.append(_said(answer))
            messages.extend(await desk.caller.call_all(answer["tool_calls"]))
            handed = desk.handed_off(answer["tool_calls"])
            if handed is not None:
                return handed


def _question(desk: Desk, messages: list[Message]) -> Ask:
    ask: Ask = {"messages": messages, "tools": desk.caller.schemas}
    return ask if desk.output is None else {**ask, "output": desk.output}


def _said(answer: Answer) -> Message:
    """The answer as a part of the conversation, with what its provider wants to be given back."""
    message: Message = {"role": "assistant", "content": answer["text"], "tool_calls": answer["tool_calls"]}
    return {**message, "thinking": answer["thinking"]} if "thinking" in answer else message
