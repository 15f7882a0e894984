"""An agent as a graph of LangGraph: the model, then the tools that it asks for, until it asks for none.

LangGraph drives; LangChain's classes speak to the providers. What makes it durable is the desk's, so this graph keeps no
checkpoints of its own: begun again, it is where it was as soon as the steps have answered.
"""

import operator
from functools import cache
from typing import Annotated, Any, Final, Literal, TypedDict, cast

from langgraph.graph import END, START, StateGraph  # pyright: ignore[reportMissingTypeStubs]  typed, without saying so
from langgraph.runtime import Runtime

from tenuto.agents.langgraph.quiet import alone
from tenuto.agents.langgraph.wire import wired
from tenuto.sdk import Context
from tenuto.sdk.agents import Answer, Ask, Message, Result, Work
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.agents.prompt import opening

_ENDLESS: Final = 1_000_000_000  # supersteps: turns are the ledger's to count


class Conversation(TypedDict, total=False):
    messages: Annotated[list[Message], operator.add]
    answer: Answer


class LangGraph:
    async def run(self, work: Work, ctx: Context) -> Result:
        desk = await Desk.open(work, ctx, wired=wired)
        with alone():
            ended = await _loop().ainvoke({"messages": opening(work)}, {"recursion_limit": _ENDLESS}, context=desk)
        answer = cast("Answer", ended["answer"])
        return desk.result(answer["text"], answer.get("data"))


@cache
def _loop() -> Any:
    """One for all: who is at work is its context."""
    graph = cast("Any", StateGraph(Conversation, context_schema=Desk))
    graph.add_node("model", _model)
    graph.add_node("tools", _tools)
    graph.add_edge(START, "model")
    graph.add_conditional_edges("model", _next, ["tools", END])
    graph.add_edge("tools", "model")
    return graph.compile()


async def _model(state: Conversation, runtime: Runtime[Desk]) -> Conversation:
    desk = runtime.context
    ask: Ask = {"messages": _said(state), "tools": desk.caller.schemas}
    answer = await desk.asker.ask(ask if desk.output is None else {**ask, "output": desk.output})
    message: Message = {"role": "assistant", "content": answer["text"], "tool_calls": answer["tool_calls"]}
    thought: Message = {**message, "thinking": answer["thinking"]} if "thinking" in answer else message
    return {"messages": [thought], "answer": answer}


async def _tools(state: Conversation, runtime: Runtime[Desk]) -> Conversation:
    return {"messages": await runtime.context.caller.call_all(_answer(state)["tool_calls"])}


def _next(state: Conversation) -> Literal["tools", "__end__"]:
    return "tools" if _answer(state)["tool_calls"] else "__end__"


def _said(state: Conversation) -> list[Message]:
    return state.get("messages", [])


def _answer(state: Conversation) -> Answer:
    return cast("Answer", state.get("answer"))
