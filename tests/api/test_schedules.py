"""Schedules over HTTP."""

import httpx2
import pytest

from tenuto.bootstrap.server import Server
from tenuto.service import ticking

DAILY = """
flow: daily
triggers: [{cron: "0 9 * * *", timezone: Europe/Vienna}]
nodes: {a: {use: set, with: {value: 1}}}
"""


@pytest.fixture
async def daily(admin: httpx2.AsyncClient) -> str:
    """The id of a schedule that is published."""
    saved = await admin.post("/v1/flows", content=DAILY, headers={"content-type": "application/yaml"})
    published = await admin.put("/v1/flows/daily/stages/dev", json={"version": saved.json()["version"]})
    assert published.status_code == 200
    return "dev.daily.0"


async def test_a_schedule_says_when_it_ticks(admin: httpx2.AsyncClient, daily: str):
    listed = (await admin.get("/v1/schedules")).json()["items"]
    shown = (await admin.get(f"/v1/schedules/{daily}")).json()

    assert listed == [shown]
    assert (shown["flow"], shown["stage"], shown["version"], shown["paused"]) == ("daily", "dev", 1, False)
    assert len(shown["next"]) == 5
    assert all(moment.endswith(":00:00.000Z") for moment in shown["next"])
    assert (shown["last_tick"], shown["last_run"]) == (None, None)


async def test_it_is_paused_and_resumed(admin: httpx2.AsyncClient, daily: str):
    paused = await admin.post(f"/v1/schedules/{daily}/pause")
    again = await admin.post(f"/v1/schedules/{daily}/pause")
    resumed = await admin.post(f"/v1/schedules/{daily}/resume")

    assert (paused.status_code, paused.json()["paused"], paused.json()["next"]) == (200, True, [])
    assert again.json() == paused.json()
    assert (resumed.json()["paused"], len(resumed.json()["next"])) == (False, 5)


async def test_it_is_fired_by_hand(admin: httpx2.AsyncClient, daily: str, server: Server):
    fired = await admin.post(f"/v1/schedules/{daily}/trigger")

    assert fired.status_code == 201
    outcome = await server.engine.outcome(fired.json()["id"])
    assert outcome.status == "succeeded"


async def test_a_tick_is_its_last_run(admin: httpx2.AsyncClient, daily: str, server: Server):
    server.platform.clock = lambda: 4_000_000_000.0
    await ticking.run_due(server.platform)

    shown = (await admin.get(f"/v1/schedules/{daily}")).json()

    assert shown["last_run"]["status"] in {"running", "succeeded"}
    assert shown["last_tick"] is not None


@pytest.mark.parametrize("act", ["pause", "resume", "trigger", ""])
async def test_one_that_is_not_there(admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, daily: str, act: str):
    method = "POST" if act else "GET"
    url = f"/v1/schedules/dev.daily.1/{act}".removesuffix("/")

    assert (await admin.request(method, url)).status_code == 404
    assert (await anonymous.request(method, url)).status_code == 401
