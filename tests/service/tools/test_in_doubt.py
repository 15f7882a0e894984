"""A call of an MCP tool that was under way when everything ended (SEMANTICS 24): it is not made again unasked."""

import asyncio
from typing import Any

from service.tools.fake_mcp import CLOSE, SEARCH, FakeMcp
from tenuto.core.events import NodeUnknown
from tenuto.hosts.local.opening import make_host
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Outcome, StartRequest
from tenuto.ports.flows import NoSuchFlow
from tenuto.ports.mcp import McpAnswer, McpServer, Place
from tenuto.sdk import Registry, library
from tenuto.service.pins import hash_of
from tenuto.service.tools.mcp import McpServerTool
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.agents import FakeHouse
from tenuto.testing.host_conformance import flow_of

QUICK = Options(grace=0.2, shutdown=0.03, storage_retry=0.02)


class Hanging(FakeMcp):
    """Takes a call and never answers, until it is well again."""

    well = False

    async def call(self, *given: Any, **more: Any) -> McpAnswer:
        answer = await super().call(*given, **more)
        if not self.well:
            await asyncio.sleep(30)
        return answer


class NoFlows:
    async def find(self, name: str, *_: object, **__: object) -> Any:
        raise NoSuchFlow(name)


async def until_called(mcp: Hanging, times: int) -> None:
    while len(mcp.calls) < times:  # noqa: ASYNC110  it tells nobody
        await asyncio.sleep(0.01)


async def cut_off(tool: Any, mcp: Hanging) -> tuple[MemoryJournal, Any, str]:
    """A run of `tool.call` whose host ends in the middle of the call."""
    journal, registry = MemoryJournal(), Registry()
    house = FakeHouse(tools=[McpServerTool(_SERVER, tool, hash_of(tool), Place("default", "dev"), mcp)])
    flow = flow_of(
        "f",
        {
            "nodes": {
                "ask": {"use": "tool.call", "with": {"tool": f"mcp:tickets/{tool.name}", "arguments": {"id": 1}}}
            },
            "output": "${ask}",
        },
        library(registry),
    )

    def host() -> Any:
        return make_host(journal, journal, registry, NoFlows(), files_key=b"k" * 32, agents=house, options=QUICK)

    first = host()
    run = await first.start(StartRequest(flow))
    await until_called(mcp, 1)
    await first.close()
    return journal, host, run


async def ended(host: Any, run: str, **until: Any) -> Outcome:
    return await asyncio.wait_for(host.outcome(run, **until), 10)


_SERVER = McpServer(name="tickets", url="https://mcp.example.com")


async def test_a_tool_that_may_not_be_repeated_waits_for_a_person() -> None:
    mcp = Hanging()
    _, host, run = await cut_off(CLOSE, mcp)
    mcp.well = True

    again = host()
    async for _ in again.recover():
        pass
    waiting = await ended(again, run, until=frozenset({"waiting"}))
    facts = [fact for _, fact in await again.history.facts(run)]
    called = len(mcp.calls)
    await again.signal(run, "ask", {"decision": "done", "output": "closed by hand"}, by="anna")
    outcome = await ended(again, run)
    await again.close()

    assert waiting.status == "waiting"
    assert any(isinstance(fact, NodeUnknown) for fact in facts)
    assert (called, len(mcp.calls)) == (1, 1)
    assert outcome.output == "closed by hand"


async def test_a_tool_that_only_reads_is_asked_again() -> None:
    mcp = Hanging()
    _, host, run = await cut_off(SEARCH, mcp)
    mcp.well = True

    again = host()
    async for _ in again.recover():
        pass
    outcome = await ended(again, run)
    await again.close()

    assert (outcome.status, outcome.output) == ("succeeded", "search done")
    assert len(mcp.calls) == 2
