"""Whoever was told a list of tools hears when it is another one. The official client asks, in the old and in the new way."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.frame import asking
from tenuto.api.app import create_app
from tenuto.bootstrap.server import Server, open_server
from tenuto.mcp import serving as module
from tenuto.mcp.offering import Asker
from tenuto.mcp.serving import Serving
from tenuto.service.principal import local
from tenuto.settings import Settings
from tenuto.stores.sql import open_store

AGENT = "---\nname: scribe\ndescription: Writes.\n---\nYou write.\n"
FLOW = {"flow": "greet", "nodes": {"say": {"use": "set", "with": {"value": 1}}}, "output": "${say}"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[Server]:
    async with open_server(Settings(data=tmp_path / "data")) as server:
        yield server


@pytest.fixture
async def admin(server: Server) -> AsyncGenerator[httpx2.AsyncClient]:
    async with asking(create_app(server.platform, Settings())) as client:
        client.headers["Authorization"] = f"Bearer {server.token}"
        yield client


@pytest.fixture
async def serving(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Serving]:
    monkeypatch.setattr(module, "PACE", 0.01)
    made = Serving(server.platform, "default", lambda _: Asker(local("ann")))
    watching = asyncio.create_task(made.watch())
    yield made
    watching.cancel()


async def change(what: str, admin: httpx2.AsyncClient, data: Path) -> None:
    if what == "an agent is saved":
        await admin.put("/v1/agents/scribe", content=AGENT, headers={"Content-Type": "text/markdown"})
    elif what == "an agent is deleted":
        await admin.delete("/v1/agents/scribe")
    elif what == "a flow is published":
        await admin.post("/v1/flows", json=FLOW)
        await admin.put("/v1/flows/greet/stages/dev", json={"version": 1})
    else:  # another process does it, on the same store
        store = await open_store(data, None)
        async with store.write() as tx:
            await tx.publications.remove("default", "greet", "dev", by="ann", at=1.0)
        await store.close()


CHANGES = ["an agent is saved", "a flow is published", "an agent is deleted", "elsewhere a flow is taken back"]


async def names(client: Any) -> set[str]:
    return {tool.name for tool in (await client.list_tools()).tools}


async def test_older_clients_are_told_in_between(serving: Serving, admin: httpx2.AsyncClient, tmp_path: Path) -> None:
    from mcp.client import Client

    told: asyncio.Queue[str] = asyncio.Queue()

    async def heard(message: Any) -> None:
        told.put_nowait(getattr(message, "method", ""))

    seen: list[set[str]] = []
    async with Client(serving.server, mode="legacy", message_handler=heard, cache=None) as client:
        before = await names(client)
        for what in CHANGES:
            await change(what, admin, tmp_path / "data")
            async with asyncio.timeout(10):
                while await told.get() != "notifications/tools/list_changed":
                    pass
            seen.append((await names(client)) - before)

    assert seen[0] == {"agent_scribe"}
    assert seen[-1] == set()


async def test_newer_ones_listen_for_it(serving: Serving, admin: httpx2.AsyncClient, tmp_path: Path) -> None:
    from mcp.client import Client

    told = 0
    async with (
        Client(serving.server, cache=None) as client,
        client.listen(tools_list_changed=True) as changes,
    ):
        for what in CHANGES[:2]:
            await change(what, admin, tmp_path / "data")
            async with asyncio.timeout(10):
                await anext(aiter(changes))
            told += 1
        after = await names(client)

    assert told == 2
    assert {"agent_scribe", "flow_greet"} <= after


async def test_nobody_is_looked_after_who_has_not_asked(serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenant that nobody is connected to costs nothing."""
    asked: list[str] = []

    async def stamp(store: Any, tenant: str) -> tuple[object, ...]:
        asked.append(tenant)
        return ()

    monkeypatch.setattr(module, "stamp", stamp)
    await asyncio.sleep(0.1)

    assert asked == []
