"""LangGraph's own agent with its SQLite saver on the ten-turn tool loop. Takes RUNS; prints the milliseconds of a run."""

import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

os.environ["LANGSMITH_TRACING"] = "false"
os.environ["LANGCHAIN_TRACING_V2"] = "false"
os.environ["LANGGRAPH_STRICT_MSGPACK"] = "true"

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.prebuilt import create_react_agent

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import fresh_folder

TURNS = 10


class Looping(BaseChatModel):
    """Asks for the tool nine times, then answers."""

    @property
    def _llm_type(self) -> str:
        return "looping"

    def bind_tools(self, tools: Any, **kwargs: Any) -> Any:  # noqa: ARG002  its signature is LangChain's
        return self

    def _generate(self, messages: Any, *_: Any, **__: Any) -> ChatResult:
        turn = sum(isinstance(message, AIMessage) for message in messages)
        if turn < TURNS - 1:
            said = AIMessage("", tool_calls=[{"id": f"call-{turn}", "name": "add", "args": {"a": turn}}])
        else:
            said = AIMessage("done")
        return ChatResult(generations=[ChatGeneration(message=said)])

    async def _agenerate(self, messages: Any, *_: Any, **__: Any) -> ChatResult:
        return self._generate(messages)


@tool
async def add(a: int) -> int:
    """Add one."""
    return a + 1


async def main() -> None:
    runs = int(sys.argv[1])
    with fresh_folder() as folder:
        async with AsyncSqliteSaver.from_conn_string(f"{folder}/checkpoints.db") as saver:
            agent = create_react_agent(Looping(), [add], prompt="You add.", checkpointer=saver)
            seconds = []
            for number in range(runs + 1):
                config = {"configurable": {"thread_id": str(number)}, "recursion_limit": 3 * TURNS}
                began = time.perf_counter()
                state = await agent.ainvoke({"messages": [("user", "Go on.")]}, config, durability="sync")
                seconds.append(time.perf_counter() - began)
                assert state["messages"][-1].content == "done"
    print(json.dumps({"peer": "langgraph_agent", "ms": 1000 * statistics.median(seconds[1:])}))


asyncio.run(main())
