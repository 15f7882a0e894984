"""The server as processes of its own: `tenuto mcp` on stdio, and `tenuto up` asked by our own client."""

import asyncio
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from acceptance.process import up
from tenuto.ports.mcp import McpServer, Place
from tenuto.tools.mcp import Connections

pytestmark = pytest.mark.nightly
HERE = Place("default", "dev")
FLOW = "flow: later\nnodes:\n  say: {use: set, with: {value: 1}}\noutput: ${say}\n"


class Token:
    def __init__(self, value: str) -> None:
        self._value = value

    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        return self._value


async def test_a_data_directory_answers_on_stdin_and_stdout(tmp_path: Path) -> None:
    """Nothing but the protocol is on stdout, whatever runs; what stands in its folders is offered."""
    from mcp.client import Client
    from mcp.client.stdio import StdioServerParameters

    (tmp_path / "agents").mkdir()
    (tmp_path / "agents" / "clerk.md").write_text("---\nname: clerk\n---\nYou keep the books.")
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "later.yaml").write_text(FLOW)
    folders = ["--agents", str(tmp_path / "agents"), "--flows", str(tmp_path / "flows")]
    words = ["-m", "tenuto.cli", "mcp", "--data", str(tmp_path / "data"), *folders]
    async with Client(StdioServerParameters(command=sys.executable, args=words)) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        said = await client.call_tool("node_debug_echo", {"value": 3})

    assert {"node_debug_echo", "agent_clerk", "flow_later"} <= set(names)
    assert said.structured_content == {"result": 3}


async def test_two_of_us_speak_with_each_other(tmp_path: Path) -> None:
    """What is published on one side is there on the other at once, and the end of one does not disturb the other."""
    with up(tmp_path) as server:
        token = str(server.client.headers["authorization"]).removeprefix("Bearer ")
        url = f"{server.client.base_url}".rstrip("/") + "/mcp"
        connections = Connections(Token(token), [ip_network("127.0.0.1/32")])
        ours = McpServer(name="other", url=url, secret="token")

        before = {tool.name for tool in await connections.tools(ours, HERE)}
        await asyncio.to_thread(_publish, server.client)
        async with asyncio.timeout(10):
            while "flow_later" not in {tool.name for tool in await connections.tools(ours, HERE)}:  # noqa: ASYNC110  it is told
                await asyncio.sleep(0.05)
        said = await connections.call(ours, HERE, "flow_later", {}, timeout=10)
        await connections.aclose()

    assert "flow_later" not in before
    assert said.data == {"result": 1}


def _publish(client: Any) -> None:
    client.post("/v1/flows", content=FLOW, headers={"content-type": "application/yaml"}).raise_for_status()
    client.put("/v1/flows/later/stages/dev", json={"version": 1}).raise_for_status()
