"""The events of a run over HTTP: by page, and live."""

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.live import listening
from api.test_runs import ASKING, HELLO, MANY, YAML, started, waiting
from tenuto.api.tickets import Door
from tenuto.bootstrap.server import Server

SSE = {"Accept": "text/event-stream"}


@pytest.fixture
async def live(app: FastAPI, server: Server) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of a server that really listens."""
    headers = {"Authorization": f"Bearer {server.token}"}
    async with listening(app) as url, httpx2.AsyncClient(base_url=url, headers=headers, timeout=10) as client:
        for text in (HELLO, ASKING, MANY):
            await client.post("/v1/flows", content=text, headers=YAML)
        yield client


def parsed(text: str) -> list[dict[str, Any]]:
    blocks = [
        dict(line.split(": ", 1) for line in block.split("\n")) for block in text.split("\n\n") if "data: " in block
    ]
    return [{**block, "data": json.loads(block["data"])} for block in blocks]


async def read(client: httpx2.AsyncClient, run: str, **headers: str) -> list[dict[str, Any]]:
    """To the end of the stream."""
    answer = await client.get(f"/v1/runs/{run}/events", headers=SSE | headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return parsed(answer.text)


class TestPages:
    async def test_pages_follow_each_other(self, live: httpx2.AsyncClient):
        """Oldest first, each fact once, by the number of the last one."""
        run = (await live.post("/v1/runs?wait=5", json={"flow": "hello"})).json()["id"]

        first = (await live.get(f"/v1/runs/{run}/events", params={"limit": 2})).json()
        second = (await live.get(f"/v1/runs/{run}/events", params={"cursor": first["next_cursor"]})).json()

        assert [each["seq"] for each in (*first["items"], *second["items"])] == [1, 2, 3]
        assert [each["type"] for each in second["items"]] == ["run.succeeded"]
        assert second["next_cursor"] is None

    @pytest.mark.parametrize("params", [{"cursor": "x"}, {"cursor": "-1"}, {"after": -1}, {"limit": 0}])
    async def test_what_is_no_number_is_refused(self, live: httpx2.AsyncClient, params: dict[str, Any]):
        """400 or 422."""
        run = (await started(live))["id"]

        assert (await live.get(f"/v1/runs/{run}/events", params=params)).status_code in {400, 422}


class TestStream:
    async def test_a_stream_ends_with_its_run(self, live: httpx2.AsyncClient):
        """`id:` is the number, `event:` the type, `data:` the fact."""
        run = (await live.post("/v1/runs?wait=5", json={"flow": "hello"})).json()["id"]

        told = await read(live, run)

        assert [each["id"] for each in told] == ["1", "2", "3"]
        assert [each["event"] for each in told] == ["run.started", "node.succeeded", "run.succeeded"]
        assert told[1]["data"]["output"] == "Hello world"

    async def test_it_goes_on_where_the_reader_was(self, live: httpx2.AsyncClient):
        """`Last-Event-ID`; and when nothing is left, 204, so that a browser stays away."""
        run = (await live.post("/v1/runs?wait=5", json={"flow": "hello"})).json()["id"]

        rest = await read(live, run, **{"Last-Event-ID": "2"})
        nothing = await live.get(f"/v1/runs/{run}/events", headers=SSE | {"Last-Event-ID": "3"})

        assert [each["id"] for each in rest] == ["3"]
        assert nothing.status_code == 204

    async def test_what_happens_is_told_as_it_happens(self, live: httpx2.AsyncClient):
        """A reader who came before the answer sees it, and then the end."""
        run = (await started(live, "asking"))["id"]
        reading = asyncio.ensure_future(read(live, run))
        await waiting(live, run)

        await live.post(f"/v1/approvals/{run}/ok", json={"approved": True})
        told = await asyncio.wait_for(reading, 5)

        assert [int(each["id"]) for each in told] == list(range(1, len(told) + 1))
        assert told[-1]["event"] == "run.succeeded"

    async def test_a_revoked_key_sees_no_more(self, live: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch):
        """SECURITY 83: asked again every few seconds."""
        monkeypatch.setattr("tenuto.api.event_stream.RECHECK", 0.05)
        made = (await live.post("/v1/keys", json={"name": "eyes", "permissions": ["runs:read"]})).json()
        run = (await started(live, "asking"))["id"]
        reading = asyncio.ensure_future(
            live.get(f"/v1/runs/{run}/events", headers=SSE | {"Authorization": f"Bearer {made['key']}"})
        )
        await asyncio.sleep(0.1)

        await live.delete(f"/v1/keys/{made['id']}")

        with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
            await asyncio.wait_for(reading, 5)

    async def test_a_user_has_so_many_streams(
        self, app: FastAPI, live: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ):
        """SECURITY 83. Those that have ended count no more."""
        monkeypatch.setattr("tenuto.api.tickets.STREAMS", 1)
        app.state.door = door = Door(lambda: 0.0)
        run = (await started(live, "asking"))["id"]
        reading = asyncio.ensure_future(read(live, run))
        while not door.streams:  # noqa: ASYNC110  it has no event to wait for
            await asyncio.sleep(0.01)

        refused = await live.get(f"/v1/runs/{run}/events", headers=SSE)
        await live.post(f"/v1/approvals/{run}/ok", json={"approved": True})
        await asyncio.wait_for(reading, 5)

        assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
        assert await read(live, run)

    async def test_only_what_is_asked_for_is_shown_beside_facts(self, live: httpx2.AsyncClient):
        """422 for what there is not."""
        run = (await started(live))["id"]

        answer = await live.get(f"/v1/runs/{run}/events", params={"include": "secrets"}, headers=SSE)

        assert answer.status_code == 422
