"""Graphs whose models and tools are `durable`, by the name `agents.langgraph.speakers:…`."""

import asyncio
import json
import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, TypedDict

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState, ToolNode, tools_condition
from langgraph.types import Command, Send
from pydantic import BaseModel

from tenuto.agents.langgraph import chat_model, durable

ASKED: list[str] = []
CALLED: list[Any] = []


class Parrot(BaseChatModel):
    """Says it back, word by word; calls its tools first, where it has any."""

    @property
    def _llm_type(self) -> str:
        return "parrot"

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | Any], **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        named: list[Any] = list(tools)
        return self.bind(tools=[each.name for each in named], **kwargs)

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        del args
        whole: Any = None
        for chunk in self._stream(messages, **kwargs):
            whole = chunk if whole is None else whole + chunk
        return ChatResult(generations=[whole])

    def _stream(
        self, messages: list[BaseMessage], *args: Any, run_manager: Any = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        del args
        said = str(messages[-1].text)
        ASKED.append(said)
        for word in f"{said} says the parrot".split(" "):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=f"{word} "))
            if run_manager:
                run_manager.on_llm_new_token(word, chunk=chunk)
            yield chunk
        names = kwargs.get("tools", []) if messages[-1].type == "human" else []
        calls = [_call(number, name) for number, name in enumerate(names)]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=calls, usage_metadata=_USAGE))


def _call(number: int, name: str) -> Any:
    return {"id": f"c{number}", "name": name, "args": json.dumps({"text": f"t{number}"}), "index": number}


_USAGE: Any = {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}
parrot: BaseChatModel = Parrot()
lasting = durable(parrot)


@tool
def shout(text: str, state: Annotated[Any, InjectedState]) -> str:
    """Shout it."""
    CALLED.append(["shout", text, len(state["messages"])])
    return text.upper()


@tool
async def whisper(text: str, tool_call_id: Annotated[str, InjectedToolCallId]) -> Command[Any]:
    """Whisper it, and leave a note."""
    from langchain_core.messages import ToolMessage

    CALLED.append(["whisper", text, tool_call_id])
    return Command(update={"messages": [ToolMessage(text.lower(), tool_call_id=tool_call_id)]})


tools = [durable(shout), durable(whisper, effects="once")]
bound = lasting.bind_tools(tools)


def ask_blocking(state: MessagesState) -> Any:
    return {"messages": [bound.invoke(state["messages"])]}


async def ask(state: MessagesState) -> Any:
    return {"messages": [await bound.ainvoke(state["messages"])]}


async def ask_blocking_on_loop(state: MessagesState) -> Any:
    return ask_blocking(state)


def _with_tools(node: Any) -> Any:
    drawing: Any = StateGraph(MessagesState)
    drawing.add_node("ask", node)
    drawing.add_node("tools", ToolNode(tools))
    drawing.add_edge(START, "ask")
    drawing.add_conditional_edges("ask", tools_condition)
    drawing.add_edge("tools", "ask")
    return drawing.compile()


talk = _with_tools(ask)
talk_blocking = _with_tools(ask_blocking)
talk_wrongly = _with_tools(ask_blocking_on_loop)


class Choir(TypedDict, total=False):
    said: Annotated[list[str], operator.add]


def fan(state: Choir) -> list[Send]:
    del state
    return [Send("sing", {"voice": voice}) for voice in ("alto", "bass")]


async def sing(state: dict[str, str]) -> Choir:
    """The alto begins and ends later than the bass, and each of them sings twice."""
    await asyncio.sleep(0.01 if state["voice"] == "alto" else 0)
    said = [str((await lasting.ainvoke(f"{state['voice']} {verse}")).text) for verse in (1, 2)]
    return {"said": said}


def _choir() -> Any:
    drawing: Any = StateGraph(Choir)
    drawing.add_node(sing)
    drawing.add_conditional_edges(START, fan, ["sing"])
    return drawing.compile()


choir = _choir()


class Sum(BaseModel):
    total: int


house = chat_model("inherit")


async def ask_house(state: MessagesState) -> Any:
    return {"messages": [await house.bind_tools(tools).ainvoke(state["messages"])]}


def sum_up(state: MessagesState) -> Any:
    """Blocking, and with a schema."""
    found = house.with_structured_output(Sum).invoke(state["messages"])
    return {"messages": [AIMessage(f"the sum is {found.total}")]}


def _at_home() -> Any:
    drawing: Any = StateGraph(MessagesState)
    drawing.add_node("ask", ask_house)
    drawing.add_node("tools", ToolNode(tools))
    drawing.add_node(sum_up)
    drawing.add_edge(START, "ask")
    drawing.add_conditional_edges("ask", tools_condition, {"tools": "tools", "__end__": "sum_up"})
    drawing.add_edge("tools", "ask")
    return drawing.compile()


at_home = _at_home()
