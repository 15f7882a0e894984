"""Graphs that keep a book, a line a call: what is in it twice was done twice. `BOOK` names the file, `BASE_URL` a model's server."""

import os
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.graph import END, START, MessagesState, StateGraph

from tenuto.agents.langgraph import durable

STEPS = 5


def _note(line: str) -> str:
    book = os.open(os.environ["BOOK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(book, f"{line}\n".encode())
    os.fsync(book)
    os.close(book)
    return f"written: {line}"


@tool("book_write")
def write(line: str) -> str:
    """Write a line into the book."""
    return _note(line)


book = durable(write)


async def step(state: MessagesState) -> dict[str, list[BaseMessage]]:
    """Two calls, each a step of its own: a crash between them repeats neither."""
    number = len(state["messages"])
    said = [await book.ainvoke({"line": f"{number}-{part}"}) for part in ("first", "second")]
    return {"messages": [ToolMessage(", ".join(said), tool_call_id=str(number))]}


def _more(state: MessagesState) -> str:
    return "step" if len(state["messages"]) < STEPS else END


def _steps() -> Any:
    drawing: Any = StateGraph(MessagesState)
    drawing.add_node(step)
    drawing.add_edge(START, "step")
    drawing.add_conditional_edges("step", _more, ["step", END])
    return drawing.compile()


steps = _steps()


def talking() -> Any:
    """The usual graph of a model and its tools, with LangGraph's own tool node."""
    from langchain_openai import ChatOpenAI
    from langgraph.prebuilt import ToolNode, tools_condition

    model = durable(ChatOpenAI(model="gpt-test", base_url=os.environ["BASE_URL"], api_key="none", max_retries=0))  # pyright: ignore[reportArgumentType]  LangChain takes text too
    bound = model.bind_tools([book])

    async def ask(state: MessagesState) -> dict[str, list[BaseMessage]]:
        return {"messages": [await bound.ainvoke(state["messages"])]}

    drawing: Any = StateGraph(MessagesState)
    drawing.add_node("ask", ask)
    drawing.add_node("tools", ToolNode([book]))
    drawing.add_edge(START, "ask")
    drawing.add_conditional_edges("ask", tools_condition)
    drawing.add_edge("tools", "ask")
    return drawing.compile()


talks = talking() if "BASE_URL" in os.environ else None
