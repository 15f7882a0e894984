"""Workflows of a task: plan, execute, review."""

import json
from typing import Any

import httpx2

from api.test_agent_runs import ECHO, keep, play
from tenuto.bootstrap.server import Server
from tenuto.service.workflows import document

PLAN = json.dumps({"steps": ["look", "pour"], "review": True})
NO_REVIEW = json.dumps({"steps": ["say hello"], "review": False})
BODY = {"task": "Analyze this code", "agent_type": "code_reviewer"}


async def start(client: httpx2.AsyncClient, wait: int = 10, **more: Any) -> Any:
    answer = await client.post("/v1/workflows", params={"wait": wait}, json={**BODY, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestCreate:
    async def test_a_task_is_planned_executed_and_reviewed(self, admin: httpx2.AsyncClient, server: Server):
        """By an agent that is told its role, since nobody is called so; each phase has what came of those before."""
        model = play(server, PLAN)  # each phase is a conversation of its own, so each is answered so
        workflow = await start(admin)

        asked = [str(each["messages"]) for each in model.asked]
        assert workflow["status"] == "succeeded"
        assert workflow["steps"] == dict.fromkeys(("plan", "execute", "review"), "succeeded")
        assert workflow["result"] == PLAN
        assert len(asked) == 3
        assert all("code reviewer" in each and BODY["task"] in each for each in asked)
        assert "pour" in asked[1]
        assert "Review the result" in asked[2]

    async def test_an_agent_of_that_name_does_it(self, admin: httpx2.AsyncClient, server: Server):
        """`technical_writer` is the agent `technical-writer`."""
        model = play(server, PLAN)

        await start(admin, agent_type="technical_writer")

        assert "code reviewer" not in str(model.asked[0]["messages"])
        assert model.asked[0].get("agent") == "technical-writer"

    async def test_what_needs_no_review_ends_with_its_execution(self, admin: httpx2.AsyncClient, server: Server):
        """The conditional edge: plan, execute, end."""
        model = play(server, NO_REVIEW)

        workflow = await start(admin)

        assert workflow["steps"] == {"plan": "succeeded", "execute": "succeeded", "review": "skipped"}
        assert (workflow["status"], workflow["result"]) == ("succeeded", NO_REVIEW)
        assert len(model.asked) == 2

    def test_phases_have_a_minute_five_and_half_a_one(self):
        nodes: Any = document()["nodes"]

        assert [nodes[name]["timeout"] for name in ("plan", "execute", "review")] == ["60s", "5m", "30s"]

    async def test_a_role_is_text(self, admin: httpx2.AsyncClient, server: Server):
        """An expression in the task or the role reaches the agent as it stands."""
        model = play(server, NO_REVIEW)

        workflow = await start(admin, agent_type="${input}", task="${run.id}")

        assert workflow["status"] == "succeeded"
        assert all("${input}" in str(each["messages"]) and "${run.id}" in str(each["messages"]) for each in model.asked)

    async def test_one_key_is_one_workflow(self, admin: httpx2.AsyncClient, server: Server):
        play(server, NO_REVIEW)

        first, again = [
            await admin.post("/v1/workflows", json=BODY, headers={"Idempotency-Key": "k"}) for _ in range(2)
        ]

        assert first.json()["id"] == again.json()["id"]
        assert again.headers["idempotency-replayed"] == "true"

    async def test_what_cannot_be_is_refused(self, admin: httpx2.AsyncClient):
        wrong: list[dict[str, Any]] = [
            {"task": "x"}, {**BODY, "task": ""}, {**BODY, "tenant": "t"}, {**BODY, "agent_type": "a\x00"},
        ]  # fmt: skip

        for body in wrong:
            assert (await admin.post("/v1/workflows", json=body)).status_code == 422, body


class TestLooking:
    async def test_a_workflow_is_shown_by_its_id(self, admin: httpx2.AsyncClient, server: Server):
        """And is a run too."""
        play(server, NO_REVIEW)
        made = await start(admin)

        shown = (await admin.get(f"/v1/workflows/{made['id']}")).json()

        assert shown == made
        assert (shown["task"], shown["agent_type"]) == (BODY["task"], BODY["agent_type"])
        assert (await admin.get(f"/v1/runs/{made['id']}")).json()["flow"] == "plan-execute-review"

    async def test_workflows_are_listed_by_page(self, admin: httpx2.AsyncClient, server: Server):
        """Newest first, by status; other runs are no workflows, whatever their flow is called."""
        play(server, NO_REVIEW)
        same = {"flow": "plan-execute-review", "nodes": {"a": {"use": "set", "with": {"value": 1}}}}
        other = (await admin.post("/v1/runs", json={"document": same})).json()["id"]
        for number in range(3):
            await start(admin, task=f"Task {number}")

        first = (await admin.get("/v1/workflows", params={"limit": 2, "status": "succeeded"})).json()
        second = (await admin.get("/v1/workflows", params={"cursor": first["next_cursor"]})).json()

        assert [each["task"] for each in [*first["items"], *second["items"]]] == ["Task 2", "Task 1", "Task 0"]
        assert second["next_cursor"] is None
        for word in (other, "nobody"):
            answer = await admin.get(f"/v1/workflows/{word}")
            assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (
                404,
                f"there is no workflow `{word}`",
            )
        assert (await admin.delete(f"/v1/workflows/{other}")).status_code == 404
        assert (await admin.get("/v1/workflows", params={"status": "odd"})).status_code == 422
        assert (await admin.get("/v1/workflows", params={"cursor": "odd"})).status_code == 400

    async def test_a_workflow_that_failed_says_where(self, admin: httpx2.AsyncClient, server: Server):
        play(server, {"error": {"message": "no", "status": 400}})

        workflow = await start(admin)

        assert workflow["status"] == "failed"
        assert workflow["error"]["node"] == "plan"
        assert workflow["steps"]["execute"] != "succeeded"


class TestCancel:
    async def test_deleting_a_workflow_cancels_it(self, admin: httpx2.AsyncClient, server: Server):
        """What was done stays to be read; once it has ended there is nothing to cancel."""
        play(server, {"rules": [{"when": {"output": True}, "text": PLAN}, {"when": {"turn": 0}, **ECHO}]})
        await keep(server)
        made = await start(admin, wait=0, agent_type="keeper")

        answer = await admin.delete(f"/v1/workflows/{made['id']}")

        assert (answer.status_code, answer.json()["status"]) in {(200, "cancelled"), (200, "running")}
        assert (await admin.delete(f"/v1/workflows/{made['id']}")).status_code == 409
        assert (await admin.get(f"/v1/workflows/{made['id']}")).json()["status"] == "cancelled"
