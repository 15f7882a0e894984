"""Telling flows of events over HTTP."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from tenuto.bootstrap.server import Server
from tenuto.ports.journal import RunQuery
from tenuto.service import relay

LISTENER = """
flow: listener
input: {id: string}
triggers: [{event: {type: order.created, when: "${event.payload.total > 100}"}, input: {id: "${event.payload.id}"}}]
nodes: {a: {use: set, with: {value: "${input.id}"}}}
"""


@pytest.fixture
async def listener(admin: httpx2.AsyncClient, server: Server) -> Server:
    saved = await admin.post("/v1/flows", content=LISTENER, headers={"content-type": "application/yaml"})
    published = await admin.put("/v1/flows/listener/stages/dev", json={"version": saved.json()["version"]})
    assert published.status_code == 200
    return server


@asynccontextmanager
async def relaying(server: Server) -> AsyncGenerator[None]:
    stop = asyncio.Event()
    worker = asyncio.create_task(relay.drive(server.platform, stop))
    yield
    stop.set()
    await worker


async def test_an_event_is_kept_and_starts_what_waits_for_it_once(admin: httpx2.AsyncClient, listener: Server):
    event = {"type": "order.created", "payload": {"id": "o-1", "total": 150}, "id": "e-1"}

    first = await admin.post("/v1/events", json=event)
    again = await admin.post("/v1/events", json=event)
    async with relaying(listener), asyncio.timeout(10):
        while not (runs := await listener.platform.archive.within("default").runs(RunQuery(flow="listener"))):  # noqa: ASYNC110  a journal tells nobody
            await asyncio.sleep(0.01)

    assert (first.status_code, first.json()) == (202, {"id": "e-1", "again": False})
    assert (again.status_code, again.json()) == (200, {"id": "e-1", "again": True})
    assert len(runs) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        ({"type": "a.b"}, {}, 202),
        ({"type": "a.b"}, {"Tenuto-Hop": "8"}, 202),
        ({"type": "a.b"}, {"Tenuto-Hop": "9"}, 508),
        ({"type": "run.failed"}, {}, 422),
        ({"type": ""}, {}, 422),
        ({}, {}, 422),
        ({"type": "a.b", "tenant": "other"}, {}, 422),
        ({"type": "a.b", "payload": "x" * 300_000}, {}, 413),
    ],
)
async def test_what_may_be_told(admin: httpx2.AsyncClient, body: Any, headers: dict[str, str], status: int):
    assert (await admin.post("/v1/events", json=body, headers=headers)).status_code == status


async def test_nobody_tells_without_a_credential(anonymous: httpx2.AsyncClient):
    assert (await anonymous.post("/v1/events", json={"type": "a.b"})).status_code == 401
