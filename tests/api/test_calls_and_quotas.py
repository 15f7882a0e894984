"""What a called flow asks, over HTTP; pauses; the quotas of a tenant while its runs come."""

import asyncio
from typing import Any

import httpx2
import pytest

YAML = {"Content-Type": "application/yaml"}
SUB = 'flow: sub\nnodes:\n  ok: {use: approval, with: {question: "Deep down?"}}\noutput: ${ok.comment}\n'
TOP = "flow: top\nnodes:\n  c: {use: call, with: {flow: sub}}\noutput: ${c}\n"
NAP = "flow: nap\nnodes:\n  a: {use: debug.sleep, with: {seconds: 0.3}}\n  b: {use: set, after: [a], with: {value: 1}}\noutput: ${b}\n"


@pytest.fixture
async def flows(admin: httpx2.AsyncClient) -> None:
    for name, text in (("sub", SUB), ("top", TOP), ("nap", NAP)):
        saved = await admin.post("/v1/flows", content=text, headers=YAML)
        assert saved.status_code == 201, saved.text
        published = await admin.put(f"/v1/flows/{name}/stages/dev", json={"version": saved.json()["version"]})
        assert published.is_success, published.text


async def until(
    admin: httpx2.AsyncClient, run: str, status: str, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for _ in range(300):
        shown = (await admin.get(f"/v1/runs/{run}", headers=headers)).json()
        if shown["status"] == status:
            return shown
        await asyncio.sleep(0.01)
    raise AssertionError(f"{run} does not become {status}: {shown}")


async def start(admin: httpx2.AsyncClient, flow: str, headers: dict[str, str] | None = None) -> httpx2.Response:
    return await admin.post("/v1/runs", json={"flow": flow}, headers=headers)


@pytest.mark.usefixtures("flows")
class TestCalls:
    async def test_the_caller_shows_what_is_asked_and_takes_the_answer(self, admin: httpx2.AsyncClient) -> None:
        """SEMANTICS 25: `c/ok` is the approval of the run that `c` called."""
        run = (await start(admin, "top")).json()["id"]
        shown = await until(admin, run, "waiting")

        answered = await admin.post(f"/v1/runs/{run}/signals/c/ok", json={"approved": True, "comment": "fine"})
        again = await admin.post(f"/v1/runs/{run}/signals/c/ok", json={"approved": True})
        ended = await until(admin, run, "succeeded")

        (asked,) = shown["nodes"]["c"]["waits_for"]["waits"]
        assert (asked["kind"], asked["path"], asked["question"]) == ("approval", "c/ok", "Deep down?")
        assert answered.is_success, answered.text
        assert again.status_code in {404, 409}
        assert ended["output"] == "fine"


@pytest.mark.usefixtures("flows")
class TestPauses:
    async def test_a_paused_run_ends_what_runs_and_goes_on_when_it_is_told(self, admin: httpx2.AsyncClient) -> None:
        """Status waiting, `paused`; what computes waits too."""
        run = (await start(admin, "nap")).json()["id"]
        paused = await admin.post(f"/v1/runs/{run}/pause")
        shown = await until(admin, run, "waiting")

        resumed = await admin.post(f"/v1/runs/{run}/resume")
        ended = await until(admin, run, "succeeded")

        assert paused.is_success, paused.text
        assert resumed.is_success, resumed.text
        assert (shown["paused"], shown["nodes"]["a"]["status"]) == (True, "succeeded")
        assert (ended["paused"], ended["output"]) == (False, 1)


@pytest.mark.usefixtures("flows")
class TestQuotas:
    async def test_a_tenants_quota_holds_from_the_moment_when_it_is_set(self, admin: httpx2.AsyncClient) -> None:
        """SECURITY 90: more runs wait in the queue, still more are refused with 429."""
        made = (await admin.post("/v1/tenants", json={"name": "acme"})).json()
        acme = {"X-Tenant-Id": made["id"]}
        await admin.post("/v1/flows", content=NAP, headers=YAML | acme)
        changed = await admin.patch(f"/v1/tenants/{made['id']}", json={"quotas": {"runs": 1, "queued": 1}})

        came = [await start(admin, "nap", acme) for _ in range(3)]

        assert changed.is_success, changed.text
        assert [answer.status_code for answer in came] == [201, 201, 429]
        assert came[2].json()["code"] == "quota"
        assert [answer.json()["status"] for answer in came[:2]] == ["running", "queued"]
        for answer in came[:2]:
            await until(admin, answer.json()["id"], "succeeded", acme)


async def test_figures_say_how_busy_the_engine_is(admin: httpx2.AsyncClient, flows: None) -> None:
    """Counted by nobody along the way: worked out when they are asked for."""
    run = (await start(admin, "nap")).json()["id"]

    said = (await admin.get("/metrics")).text
    await until(admin, run, "succeeded")

    lines = dict(line.rsplit(" ", 1) for line in said.splitlines() if not line.startswith("#"))
    assert lines["tenuto_runs_at_work"] == "1.0"
    assert lines["tenuto_nodes_running"] == "1.0"
    assert lines["tenuto_runs_in_queue"] == "0.0"
