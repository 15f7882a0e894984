"""The inbox over HTTP: what waits, for whom, and its answer."""

import asyncio

import httpx2
import pytest

from api.test_runs import YAML, flows, started, waiting

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
        assert (node["output"]["by"], node["output"]["comment"]) == ("administrator", "fine")
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

    async def test_the_same_key_is_the_same_answer(self, admin: httpx2.AsyncClient):
        """SEMANTICS 25: also when the run has ended with it, or with the one that was asked; another key comes too late."""
        ada = await person(admin, "ada", "operator")
        inner = ASKS.format(assignees="[ada@example.com]").replace("flow: asks", "flow: inner")
        for text in (inner, "flow: outer\nnodes: {sub: {use: call, with: {flow: inner}}}\n"):
            assert (await admin.post("/v1/flows", content=text, headers=YAML)).status_code == 201
        run = (await started(admin, "outer"))["id"]
        for path in ("ok", "later", "free"):
            await waiting(admin, run)
            url, key = f"/v1/approvals/{run}/sub/{path}", {"Idempotency-Key": path}
            signal = f"/v1/runs/{run}/signals/sub/{path}"

            first = await admin.post(url, json={"approved": True}, headers={**ada, **key})
            again = await admin.post(url, json={"approved": True}, headers={**ada, **key})
            by_signal = await admin.post(signal, json={"approved": True}, headers={**ada, **key})
            other = await admin.post(url, json={"approved": True}, headers={**ada, "Idempotency-Key": "other"})

            codes = [answer.status_code for answer in (first, again, by_signal, other)]
            assert codes == [200, 200, 200, 409], (path, again.text, other.text)
            assert other.json()["code"] in {"answered", "ended"}

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

    async def test_a_form_that_is_filled_in_wrongly_is_refused_field_by_field(self, admin: httpx2.AsyncClient):
        """With the path of each, so that a page can mark it; what was asked waits on."""
        form = {
            "type": "object",
            "properties": {"n": {"type": "integer"}, "why": {"type": "string"}},
            "required": ["why"],
        }
        nodes = {"ok": {"use": "approval", "with": {"question": "How many?", "form": form}}}
        made = await admin.post("/v1/runs", json={"document": {"flow": "counted", "nodes": nodes}})
        run = made.json()["id"]

        wrong = await admin.post(f"/v1/approvals/{run}/ok", json={"approved": True, "form": {"n": "two"}})
        right = await admin.post(f"/v1/approvals/{run}/ok", json={"approved": True, "form": {"n": 2, "why": "so"}})

        assert (wrong.status_code, right.status_code) == (422, 200)
        assert {each["path"] for each in wrong.json()["problems"]} == {"form.n", "form"}

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

    async def test_who_is_named_there_answers_or_an_administrator(self, admin: httpx2.AsyncClient):
        """`assignees` are people and roles; others are told who may, by whichever door they come."""
        people = {name: await person(admin, name, role) for name, role in PEOPLE.items()}
        document = ASKS.format(assignees="[Ada@example.com, night-shift]")

        for name, status in {"bob": 403, "ada": 200, "nia": 200, "boss": 200}.items():
            run = await asking(admin, document)
            inbox = await admin.post(f"/v1/approvals/{run}/ok", json={"approved": True}, headers=people[name])
            signal = await admin.post(f"/v1/runs/{run}/signals/ok", json={"approved": True}, headers=people[name])

            assert inbox.status_code == status, name
            assert signal.status_code == (status if status == 403 else 409), name
            if status == 403:
                assert "asks Ada@example.com, night-shift" in inbox.json()["detail"]

    @pytest.mark.parametrize(("named", "status"), [("boss@example.com", 200), ("ada@example.com", 403)])
    async def test_a_key_answers_for_who_made_it(self, admin: httpx2.AsyncClient, named: str, status: int):
        """And not for its own name, which anybody who makes keys could choose."""
        boss = await person(admin, "boss", "admin")
        wanted = {"name": "ada@example.com", "permissions": ["approvals:write"]}
        key = (await admin.post("/v1/keys", json=wanted, headers=boss)).json()["key"]
        run = await asking(admin, ASKS.format(assignees=f"[{named}]"))

        answer = await admin.post(
            f"/v1/approvals/{run}/ok", json={"approved": True}, headers={"Authorization": f"Bearer {key}"}
        )

        assert answer.status_code == status

    async def test_nobody_answers_for_another_before_it_is_asked(self, admin: httpx2.AsyncClient):
        """An answer that came too early would count when it is asked, whoever it was."""
        bob, ada = await person(admin, "bob", "operator"), await person(admin, "ada", "operator")
        document = ASKS.format(assignees="[ada@example.com]")
        run = await asking(admin, document)

        early = await admin.post(f"/v1/runs/{run}/signals/later", json={"approved": True}, headers=bob)
        free = await admin.post(f"/v1/runs/{run}/signals/free", json={"approved": True}, headers=bob)
        first = await admin.post(f"/v1/approvals/{run}/ok", json={"approved": True}, headers=ada)
        await waiting(admin, run)
        late = await admin.post(f"/v1/approvals/{run}/later", json={"approved": True}, headers=bob)

        assert (early.status_code, free.status_code, first.status_code, late.status_code) == (409, 200, 200, 403)

    async def test_of_a_run_that_was_called_the_same_holds(self, admin: httpx2.AsyncClient):
        """By its path in the run that called it."""
        bob, ada = await person(admin, "bob", "operator"), await person(admin, "ada", "operator")
        inner = ASKS.format(assignees="[ada@example.com]").replace("flow: asks", "flow: inner")
        for text in (inner, "flow: outer\nnodes: {sub: {use: call, with: {flow: inner}}}\n"):
            assert (await admin.post("/v1/flows", content=text, headers=YAML)).status_code == 201
        run = (await started(admin, "outer"))["id"]
        await waiting(admin, run)

        wrong = await admin.post(f"/v1/approvals/{run}/sub/ok", json={"approved": True}, headers=bob)
        right = await admin.post(f"/v1/approvals/{run}/sub/ok", json={"approved": True}, headers=ada)

        assert (wrong.status_code, right.status_code) == (403, 200)


ASKS = """
flow: asks
nodes:
  ok: {{use: approval, with: {{question: "Go?", assignees: {assignees}}}}}
  later: {{use: approval, after: [ok], with: {{question: "And now?", assignees: {assignees}}}}}
  free: {{use: approval, after: [later], with: {{question: "Anybody?"}}}}
"""
PEOPLE = {"ada": "operator", "bob": "operator", "nia": "night-shift", "boss": "admin"}


async def asking(admin: httpx2.AsyncClient, text: str) -> str:
    """A run that waits for the first answer."""
    assert (await admin.post("/v1/flows", content=text, headers=YAML)).is_success
    run = (await started(admin, "asks"))["id"]
    await waiting(admin, run)
    return run


async def person(admin: httpx2.AsyncClient, name: str, role: str) -> dict[str, str]:
    """The headers of somebody in that role."""
    if role == "night-shift":
        held = {"permissions": ["approvals:write", "runs:write", "runs:read"]}
        assert (await admin.put(f"/v1/roles/{role}", json=held)).is_success
    body = {"login": f"{name}@example.com", "password": "long enough for it"}
    assert (await admin.post("/v1/users", json={**body, "roles": [role]})).status_code == 201
    answer = await admin.post("/auth/login", json=body, headers={"Authorization": ""})
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}
