"""The small API of agents, as clients that know nothing else expect it: its bodies and its words."""

import asyncio

import httpx2

from api.test_agent_runs import ECHO, keep, play
from tenuto.bootstrap.server import Server


async def test_the_door_says_that_all_is_well(anonymous: httpx2.AsyncClient):
    """`GET /` needs no credential; its answer is these two fields."""
    assert (await anonymous.get("/")).json() == {"status": "healthy", "message": "AI Agent Management API"}


async def test_all_agents_are_listed_with_what_they_do(admin: httpx2.AsyncClient, server: Server):
    """A list, each with these four fields."""
    play(server, "Fine.")
    await admin.post("/agents/execute", json={"agent_name": "copywriter", "task": "x"})

    agents = (await admin.get("/agents")).json()

    found = {each["name"]: each for each in agents}
    assert all(each.keys() == {"name", "team", "status", "last_run"} for each in agents)
    assert found["copywriter"]["last_run"] is not None
    assert found["technical-writer"] == {
        "name": "technical-writer",
        "team": "engineering",
        "status": "idle",
        "last_run": None,
    }


async def test_a_task_is_answered_with_its_text(admin: httpx2.AsyncClient, server: Server):
    model = play(server, "Fine tea.")
    body = {"agent_name": "copywriter", "task": "Write", "parameters": {"tone": "dry"}}

    answer = await admin.post("/agents/execute", json=body)

    assert answer.status_code == 200
    assert answer.json() == {"agent_name": "copywriter", "status": "success", "result": "Fine tea.", "error": None}
    assert "dry" in str(model.asked[0]["messages"])


async def test_what_fails_in_the_agent_is_an_answer(admin: httpx2.AsyncClient, server: Server):
    """200 with the status `error`, as such clients expect; and the agent's status says so too."""
    play(server, {"error": {"message": "the model is gone", "status": 400}})

    answer = await admin.post("/agents/execute", json={"agent_name": "copywriter", "task": "x"})
    state = (await admin.get("/agents/copywriter/status")).json()

    assert (answer.status_code, answer.json()["status"], answer.json()["result"]) == (200, "error", None)
    assert "the model is gone" in answer.json()["error"]
    assert state == {"name": "copywriter", "team": "marketing", "status": "error"}


async def test_a_task_that_waits_for_a_person_is_answered_at_once(admin: httpx2.AsyncClient, server: Server):
    """202, and where it is: nobody is kept until it times out."""
    await keep(server)
    play(server, ECHO, "Poured.")

    async with asyncio.timeout(10):
        answer = await admin.post("/agents/execute", json={"agent_name": "keeper", "task": "x"})

    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    assert (await admin.get(answer.headers["location"])).json()["status"] == "running"


async def test_an_unknown_agent_is_404_in_these_words(admin: httpx2.AsyncClient):
    for answer in (
        await admin.get("/agents/nobody/status"),
        await admin.post("/agents/execute", json={"agent_name": "nobody", "task": "x"}),
    ):
        assert (answer.status_code, answer.json()["detail"]) == (404, "Agent 'nobody' not found")


async def test_a_wrong_token_is_401_in_these_words(anonymous: httpx2.AsyncClient):
    """None at all is wrong too."""
    for token in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic YTpi"}):
        for method, path in (("GET", "/agents"), ("POST", "/agents/execute"), ("GET", "/agents/copywriter/status")):
            answer = await anonymous.request(method, path, headers=token)

            assert (answer.status_code, answer.json()["detail"]) == (401, "Invalid token")
