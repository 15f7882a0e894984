"""Agents are given tasks over HTTP: what is answered, streamed and told of them afterwards."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.live import listening
from api.test_events import parsed
from tenuto.bootstrap.server import Server
from tenuto.service.agent_house import House
from tenuto.testing.models import FakeModels, ScriptedModel

SSE = {"Accept": "text/event-stream"}
ECHO = {"calls": [{"tool": "node:debug.echo", "arguments": {"value": "tea"}}]}
KEEPER = """---
name: keeper
team: kitchen
tools: [node:debug.echo]
approve: [node:debug.echo]
---
You keep the tea.
"""


def play(server: Server, *answers: Any, **more: Any) -> ScriptedModel:
    """What every model of the server says from now on."""
    house = server.engine.services.agents
    assert isinstance(house, House)
    script = answers[0] if len(answers) == 1 and isinstance(answers[0], dict) and "rules" in answers[0] else answers
    model = ScriptedModel(script, **more)
    house.models = FakeModels(model, usd=1000.0)
    return model


@pytest.fixture
def say(server: Server) -> Callable[..., ScriptedModel]:
    return lambda *answers, **more: play(server, *answers, **more)


@pytest.fixture
async def live(app: FastAPI, server: Server) -> AsyncGenerator[httpx2.AsyncClient]:
    """A client of a server that really listens, with an agent that asks before it calls its tool."""
    headers = {"Authorization": f"Bearer {server.token}"}
    async with listening(app) as url, httpx2.AsyncClient(base_url=url, headers=headers, timeout=10) as client:
        await keep(server)
        yield client


async def keep(server: Server, text: str = KEEPER) -> None:
    async with server.platform.store.write() as tx:
        await tx.agents.add(
            "default", "keeper", hash=f"{len(text):064}", source=text, description="", team="kitchen", by="me", at=1.0
        )


async def execute(client: httpx2.AsyncClient, task: str = "Write", wait: float | None = 10, **more: Any) -> Any:
    params = {} if wait is None else {"wait": wait}
    answer = await client.post("/v1/agents/execute", params=params, json={"agent": "copywriter", "task": task, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def until(client: httpx2.AsyncClient, run: str, status: str) -> Any:
    async with asyncio.timeout(10):
        while (shown := (await client.get(f"/v1/runs/{run}")).json())["status"] != status:  # noqa: ASYNC110  HTTP has none
            await asyncio.sleep(0.01)
    return shown


async def asked(client: httpx2.AsyncClient, run: str, path: str) -> Any:
    """The request of that path, once it is in the inbox."""
    async with asyncio.timeout(10):
        while True:
            items = (await client.get("/v1/approvals", params={"run": run})).json()["items"]
            for item in items:
                if item["path"] == path:
                    return item
            await asyncio.sleep(0.01)


class TestExecute:
    async def test_it_answers_as_a_run_does(self, admin: httpx2.AsyncClient, say: Any):
        """201, `Location`, and with `?wait=` the outcome: `{text, usage}`."""
        say("Fine tea.")

        answer = await admin.post("/v1/agents/execute?wait=10", json={"agent": "copywriter", "task": "Write"})

        run = answer.json()
        assert (answer.status_code, run["status"]) == (201, "succeeded")
        assert answer.headers["location"] == f"/v1/runs/{run['id']}"
        assert run["output"]["text"] == "Fine tea."
        assert run["output"]["usage"]["tokens"] > 0
        assert (run["flow"], run["labels"]) == ("agent-copywriter", {"agent": "copywriter"})

    async def test_what_was_asked_reaches_the_agent(self, admin: httpx2.AsyncClient, say: Any):
        """Parameters as named blocks; expressions in them are text like any other."""
        model = say('{"title": "Tea"}')
        schema = {"type": "object", "properties": {"title": {"type": "string"}}, "required": ["title"]}

        run = await execute(admin, "About ${tea}", parameters={"tone": "${dry}", "n": 3}, output=schema)

        said = json.dumps(model.asked[0]["messages"])
        assert all(part in said for part in ("About ${tea}", "tone", "${dry}"))
        assert run["output"]["data"] == {"title": "Tea"}
        assert run["input"]["parameters"] == {"tone": "${dry}", "n": 3}

    async def test_one_key_is_one_execution(self, admin: httpx2.AsyncClient, say: Any):
        """SEMANTICS 25: as of `POST /v1/runs`; another body with the key is refused."""
        model = say("Once.")
        body, key = {"agent": "copywriter", "task": "Write"}, {"Idempotency-Key": "k"}

        first = await admin.post("/v1/agents/execute?wait=10", json=body, headers=key)
        again = await admin.post("/v1/agents/execute?wait=10", json=body, headers=key)
        other = await admin.post("/v1/agents/execute", json={**body, "task": "Sing"}, headers=key)

        assert first.json()["id"] == again.json()["id"]
        assert again.headers["idempotency-replayed"] == "true"
        assert other.status_code == 409
        assert len(model.asked) == 1

    async def test_an_unknown_agent_is_told_with_one_that_is_near(self, admin: httpx2.AsyncClient):
        answer = await admin.post("/v1/agents/execute", json={"agent": "copywritr", "task": "Write"})

        assert answer.status_code == 404
        assert "did you mean `copywriter`?" in answer.json()["detail"]

    async def test_a_title_is_a_name_too(self, admin: httpx2.AsyncClient, say: Any):
        say("Fine.")

        assert (await execute(admin, agent="Copywriter"))["labels"] == {"agent": "copywriter"}

    async def test_what_cannot_be_is_refused_before_anything_runs(self, admin: httpx2.AsyncClient):
        """Each with the place of what is wrong."""
        wrong: list[tuple[dict[str, Any], str]] = [
            ({"parameters": {"model": "x"}}, "parameters.model"),
            ({"parameters": {"a\nb": 1}}, "parameters.a"),
            ({"parameters": {f"p{n}": n for n in range(65)}}, "at most 64"),
            ({"task": ""}, "task"),
            ({"stage": "nowhere"}, "nowhere"),
            ({"tenant": "other"}, "tenant"),
            ({"model": "opanai:gpt-5"}, "did you mean `openai:gpt-5`?"),
        ]

        for more, said in wrong:
            answer = await admin.post("/v1/agents/execute", json={"agent": "copywriter", "task": "Write", **more})
            assert answer.status_code in {404, 422}, answer.text
            assert said in answer.text
        assert (await admin.get("/v1/runs")).json()["items"] == []

    async def test_who_may_execute_agents_needs_no_right_to_flows(
        self, admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, say: Any
    ):
        """The document is ours; SEMANTICS 44 is about documents of others."""
        say("Fine.")
        key = (await admin.post("/v1/keys", json={"name": "k", "permissions": ["agents:execute"]})).json()["key"]

        answer = await anonymous.post(
            "/v1/agents/execute", json={"agent": "copywriter", "task": "Write"}, headers={"X-API-Key": key}
        )

        assert answer.status_code == 201


class TestStatus:
    async def test_an_execution_that_completed(self, admin: httpx2.AsyncClient, say: Any):
        """By run id: exactly `{id, agent, status, result}`."""
        say("Fine tea.")
        run = (await execute(admin))["id"]

        told = (await admin.get(f"/v1/agents/status/{run}")).json()

        assert told.keys() == {"id", "agent", "status", "result"}
        assert (told["id"], told["agent"], told["status"]) == (run, "copywriter", "completed")
        assert told["result"]["text"] == "Fine tea."

    async def test_an_execution_that_failed(self, admin: httpx2.AsyncClient, say: Any):
        """By run id its error, by name `error`."""
        say({"error": {"message": "no", "status": 400}})
        run = (await execute(admin))["id"]

        told = (await admin.get(f"/v1/agents/status/{run}")).json()
        state = (await admin.get("/v1/agents/copywriter/status")).json()

        assert told.keys() == {"id", "agent", "status", "error"}
        assert (told["status"], told["error"]["type"]) == ("failed", "model")
        assert state["status"] == "error"

    async def test_an_agent_that_was_never_run_is_idle(self, admin: httpx2.AsyncClient):
        state = (await admin.get("/v1/agents/copywriter/status")).json()

        assert state == {"name": "copywriter", "team": "marketing", "status": "idle", "last_run": None}

    async def test_an_agent_runs_while_any_execution_has_not_ended(
        self, admin: httpx2.AsyncClient, server: Server, say: Any
    ):
        """Whatever came of newer ones. One that waits for a person is running, as people who ask for agents see it."""
        say(ECHO, "Done.")
        await keep(server)
        waiting = (await execute(admin, agent="keeper", wait=None))["id"]
        await until(admin, waiting, "waiting")
        say("Quick.")
        await execute(admin, agent="keeper")

        state = (await admin.get("/v1/agents/keeper/status")).json()
        told = (await admin.get(f"/v1/agents/status/{waiting}")).json()

        assert (state["status"], state["team"]) == ("running", "kitchen")
        assert told == {"id": waiting, "agent": "keeper", "status": "running"}

    async def test_executions_are_listed_newest_first_by_page(self, admin: httpx2.AsyncClient, say: Any):
        """With the task, what came of it, and when; other runs are not among them, whatever they are called."""
        say("Fine.")
        for number in range(3):
            await execute(admin, f"Task {number}")
        await admin.post(
            "/v1/runs",
            json={"document": {"flow": "agent-copywriter", "nodes": {"a": {"use": "set", "with": {"value": 1}}}}},
        )

        first = (await admin.get("/v1/agents/copywriter/runs", params={"limit": 2})).json()
        second = (await admin.get("/v1/agents/copywriter/runs", params={"cursor": first["next_cursor"]})).json()

        items = [*first["items"], *second["items"]]
        assert [each["task"] for each in items] == ["Task 2", "Task 1", "Task 0"]
        assert {each["status"] for each in items} == {"completed"}
        assert all(each["started_at"] and each["completed_at"] and each["cost"]["usd"] for each in items)
        assert {type(each["cost"]["tokens"]) for each in items} == {int}
        assert second["next_cursor"] is None

    async def test_a_run_that_is_no_execution_is_none_here(self, admin: httpx2.AsyncClient):
        document = {"flow": "hello", "nodes": {"a": {"use": "set", "with": {"value": 1}}}}
        run = (await admin.post("/v1/runs", json={"document": document})).json()["id"]

        assert (await admin.get(f"/v1/agents/status/{run}")).status_code == 404
        assert (await admin.get("/v1/agents/nobody/status")).status_code == 404
        assert (await admin.get("/v1/agents/nobody/runs")).status_code == 404


class TestStream:
    async def test_it_tells_what_is_said_and_done_and_what_came_of_it(
        self, live: httpx2.AsyncClient, server: Server, say: Any
    ):
        """From the first word of a quick agent on: deltas, tools, the outcome; facts have their numbers, without a gap."""
        say({"text": "Let me look.", **ECHO}, "Fine tea, as you asked.")
        body = {"agent": "keeper", "task": "Tea", "parameters": {}}
        await keep(server, KEEPER.replace("approve: [node:debug.echo]\n", ""))

        answer = await live.post("/v1/agents/execute", json=body, headers=SSE)

        told = parsed(answer.text)
        deltas = [each["data"]["data"] for each in told if each["event"] == "delta"]
        assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (201, "text/event-stream")
        assert "".join(each.get("text", "") for each in deltas) == "Let me look.Fine tea, as you asked."
        assert [each["status"] for each in deltas if "tool" in each] == ["called", "answered"]
        assert [int(each["id"]) for each in told if "id" in each] == list(
            range(1, 1 + sum("id" in each for each in told))
        )
        assert told[-1]["event"] == "run.succeeded"
        assert answer.headers["location"] == f"/v1/runs/{told[0]['data']['run']}"

    async def test_an_approval_is_asked_in_the_stream_and_answered_beside_it(self, live: httpx2.AsyncClient, say: Any):
        """SEMANTICS 25: the path of the call, its arguments; the stream goes on with the answer."""
        say(ECHO, "Poured.")
        told: list[dict[str, Any]] = []

        async with live.stream(
            "POST", "/v1/agents/execute", json={"agent": "keeper", "task": "Tea"}, headers=SSE
        ) as answer:
            run = answer.headers["location"].rpartition("/")[2]
            async for line in answer.aiter_lines():
                if not line.startswith("data: "):
                    continue
                told.append(json.loads(line.removeprefix("data: ")))
                if told[-1].get("type") == "node.suspended":
                    said = await live.post(f"/v1/approvals/{run}/agent/tool:1", json={"approved": True})
                    assert said.status_code == 200, said.text

        asked = next(each["awaits"] for each in told if each.get("type") == "node.suspended")
        assert (asked["signal"], asked["ask"]["arguments"]) == ("agent/tool:1", {"value": "tea"})
        assert told[-1]["output"]["text"] == "Poured."

    async def test_a_question_is_answered_in_words_in_the_inbox(
        self, live: httpx2.AsyncClient, say: Any, server: Server
    ):
        """`answer` for what an agent asks; where it asks for a yes or a no, words are refused."""
        await keep(server, KEEPER.replace("tools: [", "tools: [ask_person, "))
        model = say({"calls": [{"tool": "ask_person", "arguments": {"question": "Which?"}}]}, ECHO, "Poured.")
        run = (await live.post("/v1/agents/execute", json={"agent": "keeper", "task": "Tea"})).json()["id"]
        place = f"/v1/approvals/{run}/agent/tool"

        await asked(live, run, "agent/tool:1")
        none = await live.post(f"{place}:1", json={"aproved": True})
        words = await live.post(f"{place}:1", json={"answer": "green"})
        again = await live.post(f"{place}:1", json={"answer": "red"})
        request = await asked(live, run, "agent/tool:2")
        unclear = await live.post(f"{place}:2", json={"answer": "yes"})
        other = await live.post(f"{place}:2", json={"approved": True, "hash": "of something else"})
        yes = await live.post(f"{place}:2", json={"approved": True, "hash": request["ask"]["hash"]})

        assert (await until(live, run, "succeeded"))["output"]["text"] == "Poured."
        assert [each.status_code for each in (none, words, again)] == [422, 200, 409]
        assert [each.status_code for each in (unclear, other, yes)] == [422, 409, 200]
        assert "green" in str(model.asked[1]["messages"][-1]["content"])

    async def test_a_reader_that_leaves_stops_nothing(self, live: httpx2.AsyncClient, say: Any):
        """The execution ends as if somebody had looked."""
        gate = asyncio.Event()
        say("Fine.", before=lambda _: gate.wait())

        async with live.stream(
            "POST", "/v1/agents/execute", json={"agent": "copywriter", "task": "x"}, headers=SSE
        ) as answer:
            run = answer.headers["location"].rpartition("/")[2]
        gate.set()

        assert (await until(live, run, "succeeded"))["output"]["text"] == "Fine."

    async def test_a_key_that_was_used_streams_the_same_execution(self, live: httpx2.AsyncClient, say: Any):
        """What is recorded of it; nothing runs twice."""
        model = say("Once.")
        headers = {**SSE, "Idempotency-Key": "k"}
        body = {"agent": "copywriter", "task": "x"}

        first = parsed((await live.post("/v1/agents/execute", json=body, headers=headers)).text)
        again = parsed((await live.post("/v1/agents/execute", json=body, headers=headers)).text)

        assert again == [each for each in first if "id" in each]
        assert len(model.asked) == 1

    async def test_what_is_refused_is_a_problem_and_no_stream(self, live: httpx2.AsyncClient):
        answer = await live.post("/v1/agents/execute", json={"agent": "nobody", "task": "x"}, headers=SSE)

        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
