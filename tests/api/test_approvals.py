"""The inbox over HTTP: what waits, for whom, and its answer."""

import asyncio

import httpx2
import pytest

from api.test_runs import flows, started, waiting

__all__ = ["flows"]


@pytest.mark.usefixtures("flows")
class TestApprovals:
    async def test_what_waits_is_listed_until_it_is_answered(self, admin: httpx2.AsyncClient):
        """With its question and where the answer goes; the answer says who gave it, and the audit knows."""
        run = await started(admin, "asking")
        await waiting(admin, run["id"])
        (shown,) = (await admin.get("/v1/approvals", params={"assignee": "ada"})).json()["items"]

        answer = await admin.post(
            f"/v1/approvals/{shown['run']}/{shown['path']}", json={"approved": True, "comment": "fine"}
        )

        node = (await admin.get(f"/v1/runs/{run['id']}")).json()["nodes"]["ok"]
        assert answer.status_code == 200
        assert (shown["question"], shown["name"], shown["assignees"]) == ("Well?", run["name"], ["ada"])
        assert (node["output"]["by"], node["output"]["comment"]) == ("admin:administrator", "fine")
        assert (await admin.get("/v1/approvals")).json()["items"] == []
        entries = (await admin.get("/v1/audit", params={"action": "approvals.answer"})).json()["items"]
        assert [entry["details"]["path"] for entry in entries] == ["ok"]

    async def test_of_many_answers_one_counts(self, admin: httpx2.AsyncClient):
        """SEMANTICS 25: the others are 409."""
        run = await started(admin, "many")
        await waiting(admin, run["id"])

        answers = await asyncio.gather(
            *[admin.post(f"/v1/approvals/{run['id']}/each[0].ok", json={"approved": True}) for _ in range(10)]
        )

        assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9

    async def test_an_answer_needs_its_own_permission(self, admin: httpx2.AsyncClient):
        """A key that may write runs may not approve, by whichever door."""
        made = await admin.post("/v1/keys", json={"name": "k", "permissions": ["runs:write", "runs:read"]})
        key = {"Authorization": f"Bearer {made.json()['key']}"}
        run = (await started(admin, "asking"))["id"]
        await waiting(admin, run)

        inbox = await admin.post(f"/v1/approvals/{run}/ok", json={"approved": True}, headers=key)
        signal = await admin.post(f"/v1/runs/{run}/signals/ok", json={"approved": True}, headers=key)
        other = await admin.post(f"/v1/runs/{run}/signals/other", json={"x": 1}, headers=key)

        assert (inbox.status_code, signal.status_code, other.status_code) == (403, 403, 200)

    async def test_what_nobody_asked_cannot_be_answered(self, admin: httpx2.AsyncClient):
        """404 with what waits; 422 for a body that is none."""
        run = (await started(admin, "asking"))["id"]
        await waiting(admin, run)

        assert (await admin.post(f"/v1/approvals/{run}/greet", json={"approved": True})).status_code == 404
        assert (await admin.post(f"/v1/approvals/{run}/ok", json={"approved": "yes"})).status_code == 422
        assert (await admin.post(f"/v1/approvals/{run}/ok", json={"approved": True, "by": "me"})).status_code == 422

    async def test_pages_follow_each_other(self, admin: httpx2.AsyncClient):
        """By cursor; one that is made up is 400."""
        run = (await started(admin, "many"))["id"]
        await waiting(admin, run)

        first = (await admin.get("/v1/approvals", params={"limit": 2})).json()
        second = (await admin.get("/v1/approvals", params={"limit": 2, "cursor": first["next_cursor"]})).json()

        assert [item["path"] for item in (*first["items"], *second["items"])] == [
            "each[0].ok",
            "each[1].ok",
            "each[2].ok",
        ]
        assert (await admin.get("/v1/approvals", params={"cursor": "x"})).status_code == 400
