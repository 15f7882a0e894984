"""LangGraph with its SQLite saver; `durability="sync"` writes a superstep's checkpoint before the next one starts."""

import asyncio
import operator
import os
import sys
from pathlib import Path
from typing import Annotated, Any, TypedDict

os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGCHAIN_TRACING_V2"] = "false"
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import Work, asked, fresh_folder, measure


class Chain(TypedDict):
    x: int


class Fan(TypedDict):
    parts: Annotated[list[int], operator.add]
    x: int


async def add_one(state: Chain) -> dict[str, Any]:
    return {"x": state["x"] + 1}


async def part(state: Fan) -> dict[str, Any]:
    return {"parts": [1]}


async def join(state: Fan) -> dict[str, Any]:
    return {"x": sum(state["parts"])}


def graph(work: Work) -> Any:
    names = [f"n{index}" for index in range(work.steps)]
    if work.kind == "chain":
        chain = StateGraph(Chain)
        for before, name in zip([START, *names], names, strict=False):
            chain.add_node(name, add_one)
            chain.add_edge(before, name)
        chain.add_edge(names[-1], END)
        return chain
    fan = StateGraph(Fan)
    for name in names:
        fan.add_node(name, part)
        fan.add_edge(START, name)
    fan.add_node("join", join)
    fan.add_edge(names, "join")
    fan.add_edge("join", END)
    return fan


async def main() -> None:
    work = asked()
    with fresh_folder() as folder:
        async with AsyncSqliteSaver.from_conn_string(f"{folder}/checkpoints.db") as saver:
            compiled = graph(work).compile(checkpointer=saver)
            given = {"x": 0} if work.kind == "chain" else {"x": 0, "parts": []}
            count = 0

            async def run() -> int:
                nonlocal count
                count += 1
                config = {"configurable": {"thread_id": str(count)}, "recursion_limit": work.steps + 5}
                state = await compiled.ainvoke(given, config, durability="sync")
                return state["x"]

            await measure("langgraph_sqlite", work, run)


asyncio.run(main())
