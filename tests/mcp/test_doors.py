"""`/mcp` asked by the official client, through the whole application."""

import asyncio
import importlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.frame import asking
from tenuto.api import mcp as door
from tenuto.api.app import create_app
from tenuto.bootstrap.server import Server, open_server
from tenuto.settings import Settings

FLOW = """
flow: greet
description: Greets somebody.
input: {name: string}
nodes:
  say: {use: set, with: {value: "hello ${input.name}"}}
output: ${say}
"""
ASKS = """
flow: ask
nodes:
  ok: {use: approval, with: {question: "Go on?"}}
output: ${ok.by}
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    async with open_server(Settings(data=tmp_path / "data")) as server:
        yield server


@pytest.fixture
async def app(server: Server) -> AsyncGenerator[FastAPI]:
    app = create_app(server.platform, Settings())
    yield app
    await door.close(app)


@pytest.fixture
async def admin(app: FastAPI, server: Server) -> AsyncGenerator[httpx2.AsyncClient]:
    async with asking(app) as client:
        client.headers["Authorization"] = f"Bearer {server.token}"
        yield client


async def key(admin: httpx2.AsyncClient, *permissions: str, tenant: str = "default") -> str:
    body = {"name": "k", "permissions": list(permissions)}
    answer = await admin.post("/v1/keys", json=body, headers={"X-Tenant-Id": tenant})
    assert answer.status_code == 201, answer.text
    return answer.json()["key"]


async def published(admin: httpx2.AsyncClient, text: str, name: str) -> None:
    await admin.post("/v1/flows", content=text, headers={"content-type": "application/yaml"})
    await admin.put(f"/v1/flows/{name}/stages/dev", json={"version": 1})


@asynccontextmanager
async def client_of(app: FastAPI, proof: str, *, url: str = "http://localhost/mcp") -> AsyncGenerator[Any]:
    from mcp.client import Client
    from mcp.client.streamable_http import streamable_http_client

    headers = {"Authorization": f"Bearer {proof}"}
    transport = httpx2.ASGITransport(app=app)
    async with (
        httpx2.AsyncClient(transport=transport, headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), cache=None) as client,
    ):
        yield client


async def names(client: Any) -> list[str]:
    return [tool.name for tool in (await client.list_tools()).tools]


class TestTools:
    async def test_flows_nodes_and_agents_are_called_by_any_client(
        self, app: FastAPI, admin: httpx2.AsyncClient
    ) -> None:
        """A flow is there once it is published; what it answers is text, and structure."""
        token = admin.headers["Authorization"].removeprefix("Bearer ")
        async with client_of(app, token) as client:
            before = await names(client)
            await published(admin, FLOW, "greet")
            after = {tool.name: tool for tool in (await client.list_tools()).tools}
            said = await client.call_tool("flow_greet", {"name": "you"})
            echoed = await client.call_tool("node_debug_echo", {"value": {"a": 1}})

        assert "flow_greet" not in before
        assert {"node_debug_echo", "agent_copywriter", "run_status"} <= after.keys()
        assert after["flow_greet"].input_schema["required"] == ["name"]
        assert (said.content[0].text, said.structured_content) == ("hello you", {"result": "hello you"})
        assert echoed.structured_content == {"a": 1}

    async def test_a_large_answer_is_a_file_that_is_read_in_parts(
        self, app: FastAPI, admin: httpx2.AsyncClient
    ) -> None:
        """A client's model has a window too. Asked for again it is the same."""
        await published(admin, FLOW, "greet")
        token = admin.headers["Authorization"].removeprefix("Bearer ")
        async with client_of(app, token) as client:
            said = await client.call_tool("flow_greet", {"name": "you " * 20_000})
            file = said.structured_content["file"]
            part = await client.call_tool("node_document_read", {"file": file, "start": 79_998, "most": 100})
            run = (await admin.get("/v1/runs", params={"flow": "greet"})).json()["items"][0]["id"]
            told = await client.call_tool("run_status", {"run": run})

        assert len(said.content[0].text) < 5_000
        assert said.structured_content["beginning"].startswith("hello you you ")
        assert part.structured_content["text"] == "you you "
        assert told.structured_content["output"] == said.structured_content

    async def test_progress_is_told_and_whoever_gives_up_cancels(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        token = admin.headers["Authorization"].removeprefix("Bearer ")
        seen: list[float] = []

        async def told(progress: float, total: float | None, message: str | None) -> None:
            seen.append(progress)

        async with client_of(app, token) as client:
            await client.call_tool("node_debug_sleep", {"seconds": 0.3}, progress_callback=told)
            calling = asyncio.create_task(client.call_tool("node_debug_sleep", {"seconds": 30}))
            while not (await running(admin)):  # noqa: ASYNC110  nobody tells
                await asyncio.sleep(0.01)
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
            while await running(admin):  # noqa: ASYNC110  as above
                await asyncio.sleep(0.01)
        ended = (await admin.get("/v1/runs", params={"limit": 1})).json()["items"][0]

        assert seen
        assert seen == sorted(seen)
        assert ended["status"] == "cancelled"

    @pytest.mark.nightly
    async def test_a_call_takes_longer_than_other_requests_may(self, server: Server) -> None:
        """Also where nobody asked for progress, so that nothing is said before the end."""
        importlib.import_module("tenuto.mcp.doors")
        hasty = create_app(server.platform, Settings(request_timeout=1.0))
        async with client_of(hasty, server.token) as client:
            said = await client.call_tool("node_debug_sleep", {"seconds": 1.6})
        await door.close(hasty)

        assert said.structured_content == {"result": 1.6}

    async def test_a_run_that_waits_is_asked_after_later(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        await published(admin, ASKS, "ask")
        token = admin.headers["Authorization"].removeprefix("Bearer ")
        async with client_of(app, token) as client:
            async with asyncio.timeout(10):
                waiting = await client.call_tool("flow_ask", {})
            told = await client.call_tool("run_status", {"run": "nothing"})
            failed = await client.call_tool("node_debug_fail", {"message": "no luck"})
            wrong = await client.call_tool("node_debug_sleep", {"seconds": "long"})
            failed_run = await client.call_tool("run_status", {"run": failed.structured_content["run"]})

        assert waiting.structured_content["status"] == "waiting"
        assert "Ask `run_status`" in waiting.content[0].text
        assert told.is_error
        assert (failed.is_error, failed.content[0].text) == (True, "failed: no luck")
        assert (wrong.is_error, "is not of type" in wrong.content[0].text) == (True, True)
        assert failed_run.structured_content["status"] == "failed"


class TestWho:
    async def test_what_is_offered_follows_from_what_the_credential_may(
        self, app: FastAPI, admin: httpx2.AsyncClient
    ) -> None:
        """One that may only read is offered nothing to do; and what is not offered cannot be called."""
        from mcp.shared.exceptions import MCPError

        await published(admin, FLOW, "greet")
        async with client_of(app, await key(admin, "runs:read")) as reader:
            offered = await names(reader)
            with pytest.raises(MCPError, match="there is no tool"):
                await reader.call_tool("flow_greet", {"name": "you"})
        async with client_of(app, await key(admin, "runs:write", "flows:read")) as runner:
            others = await names(runner)

        assert offered == ["run_status"]
        assert others == ["flow_greet"]

    async def test_tenants_do_not_see_each_other(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        other = (await admin.post("/v1/tenants", json={"name": "other"})).json()["id"]
        await published(admin, FLOW, "greet")
        async with client_of(app, await key(admin, "runs:*")) as ours:
            run = (await ours.call_tool("flow_greet", {"name": "you"})).content
            runs = (await admin.get("/v1/runs", params={"limit": 1})).json()["items"][0]["id"]
        async with client_of(app, await key(admin, "runs:*", tenant=other)) as theirs:
            offered = await names(theirs)
            looked = await theirs.call_tool("run_status", {"run": runs})

        assert run
        assert offered == ["run_status"]
        assert looked.is_error

    async def test_only_what_is_published_in_the_stage_is_there(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        await published(admin, FLOW, "greet")
        secret = await key(admin, "runs:write")
        async with client_of(app, secret, url="http://localhost/mcp?stage=staging") as client:
            offered = await names(client)
        unknown = await admin.post("/mcp", params={"stage": "nowhere"}, json={})

        assert offered == []
        assert unknown.status_code == 404

    async def test_strangers_foreign_pages_and_foreign_hosts_are_refused(
        self, app: FastAPI, admin: httpx2.AsyncClient
    ) -> None:
        """MCP CVE-2025-66416: a page that a browser shows could ask a local server."""
        async with asking(app) as stranger:
            nobody = [(await stranger.request(method, "/mcp")).status_code for method in ("GET", "POST", "DELETE")]
        page = await admin.post("/mcp", json={}, headers={"Origin": "http://evil.example"})
        own = await admin.post("/mcp", json={}, headers={"Origin": str(admin.base_url).rstrip("/")})
        host = await admin.post("/mcp", json={}, headers={"Host": "evil.example"})

        assert nobody == [401, 401, 401]
        assert (page.status_code, host.status_code) == (403, 421)
        assert own.status_code not in {401, 403, 421}

    async def test_a_session_is_of_the_credential_that_began_it(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        begin = {
            "jsonrpc": "2.0",
            "id": 1,
            "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18",
                "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"},
            },
        }
        accept = {"Accept": "application/json, text/event-stream"}
        begun = await admin.post("/mcp", json=begin, headers=accept)
        session = {"Mcp-Session-Id": begun.headers["mcp-session-id"], **accept}
        other = {"Authorization": f"Bearer {await key(admin, 'runs:*')}"}
        listing = {"jsonrpc": "2.0", "id": 2, "method": "tools/list"}

        own = await admin.post("/mcp", json=listing, headers=session)
        taken = await admin.post("/mcp", json=listing, headers={**session, **other})

        assert (begun.status_code, own.status_code, taken.status_code) == (200, 200, 404)
        assert '"tools":{"listChanged":true}' in begun.text


async def running(admin: httpx2.AsyncClient) -> list[Any]:
    return (await admin.get("/v1/runs", params={"status": "running"})).json()["items"]
