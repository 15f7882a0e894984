"""Whether the server lives, and whether it can do its work."""

import asyncio
import re
from dataclasses import replace

import httpx2
import pytest

from api.frame import asking
from tenuto.api.app import create_app
from tenuto.bootstrap.server import Server
from tenuto.ports.records import Unavailable
from tenuto.service import health
from tenuto.service.health import Finding
from tenuto.service.platform import Platform
from tenuto.settings import Settings


async def test_a_process_that_answers_lives(anonymous: httpx2.AsyncClient):
    """Nobody is asked who they are."""
    answer = await anonymous.get("/health/live")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "checks": {"process": "ok"}}


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready"])
async def test_whoever_watches_may_ask_for_the_status_alone(anonymous: httpx2.AsyncClient, path: str):
    """HEAD, as balancers and probes send it."""
    assert (await anonymous.head(path)).status_code == 200


async def test_every_dependency_is_asked(anonymous: httpx2.AsyncClient):
    """And named, with what was found."""
    answer = await anonymous.get("/health/ready")

    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] in {"ok", "degraded"}
    assert answer.json()["checks"].keys() >= {"journal", "store", "disk", "owner", "event_loop"}


async def test_what_is_down_makes_it_not_ready_and_comes_back_by_itself(
    anonymous: httpx2.AsyncClient, platform: Platform, monkeypatch: pytest.MonkeyPatch
):
    """P11: 503 while there is no room."""
    monkeypatch.setattr(health, "REMEMBERED", 0.0)
    full = True

    async def disk() -> Finding:
        return Finding("down", "full") if full else Finding("ok")

    platform.health.checks["disk"] = disk
    refused = await anonymous.get("/health/ready")
    full = False
    taken = await anonymous.get("/health/ready")

    assert (refused.status_code, refused.json()["status"]) == (503, "down")
    assert refused.json()["checks"]["disk"] == "full"
    assert taken.status_code == 200


async def test_a_check_that_hangs_or_fails_is_down(monkeypatch: pytest.MonkeyPatch):
    """It does not hang the others, and says nothing of the inside."""
    monkeypatch.setattr(health, "PATIENCE", 0.05)

    async def hangs() -> Finding:
        await asyncio.sleep(60)
        raise AssertionError

    async def fails() -> Finding:
        raise OSError("/secret/place")

    async def away() -> Finding:
        raise Unavailable("no route to db.internal")

    report = await health.Health({"slow": hangs, "broken": fails, "away": away}).report()

    assert report.status == "down"
    assert report.checks == {
        "slow": "no answer in 0.05 s",
        "broken": "failed; the log says why",
        "away": "cannot be reached",
    }


async def test_elsewhere_a_credential_is_needed(platform: Platform, server: Server, settings: Settings):
    """Unless a setting opens it."""
    exposed = replace(settings, host="0.0.0.0")
    async with asking(create_app(platform, exposed)) as stranger:
        closed = [(await stranger.get(path)).status_code for path in ("/health", "/health/ready", "/metrics")]
        known = await stranger.get("/metrics", headers={"Authorization": f"Bearer {server.token}"})
        alive = await stranger.get("/health/live")
    async with asking(create_app(platform, replace(exposed, open_metrics=True))) as stranger:
        opened = await stranger.get("/metrics")

    assert closed == [401, 401, 401]
    assert (known.status_code, alive.status_code, opened.status_code) == (200, 200, 200)


async def test_figures_count_runs_nodes_commits_and_requests(admin: httpx2.AsyncClient, platform: Platform):
    """Without a name of a tenant, a flow or a run."""
    flow = {"flow": "counted", "nodes": {"a": {"use": "debug.echo", "with": {"value": 1}}}}
    started = await admin.post("/v1/runs?wait=5", json={"document": flow, "name": "a-counted-run"})
    assert started.status_code == 201, started.text
    platform.telemetry.play()

    text = (await admin.get("/metrics")).text

    assert 'tenuto_runs_ended_total{status="succeeded"} 1.0' in text
    assert 'tenuto_node_duration_seconds_count{outcome="succeeded"} 1.0' in text
    assert 'tenuto_facts_total{type="run.succeeded"} 1.0' in text
    assert re.search(r"tenuto_journal_commits_total [1-9]", text)
    assert 'route="/v1/runs",status="201"' in text
    assert "counted" not in text
    assert "default" not in text
