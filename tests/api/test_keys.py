"""`/v1/keys`, `/v1/users`, `/v1/roles`, `/v1/audit`: what is shown, and what never is."""

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from api.frame import asking


async def made(client: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/v1/keys", json={"name": "ci", "permissions": ["runs:read"], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestKeys:
    async def test_a_key_is_in_one_answer_and_never_again(self, admin: httpx2.AsyncClient) -> None:
        key = await made(admin)

        later = [
            (await admin.get(path)).text
            for path in ("/v1/keys", f"/v1/keys/{key['id']}", "/v1/audit", "/v1/audit/system")
        ]

        assert key["key"].startswith(key["prefix"])
        assert not [text for text in later if key["key"].removeprefix(key["prefix"]) in text]

    async def test_a_revoked_key_is_refused_at_once_by_the_server_that_revoked_it(
        self, admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
    ) -> None:
        key = await made(admin)
        headers = {"X-API-Key": key["key"]}
        assert (await anonymous.get("/v1/runs", headers=headers)).status_code == 200

        assert (await admin.delete(f"/v1/keys/{key['id']}")).status_code == 204

        assert (await anonymous.get("/v1/runs", headers=headers)).status_code == 401
        assert (await admin.get(f"/v1/keys/{key['id']}")).json()["status"] == "revoked"

    async def test_a_key_works_in_either_header(self, admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient) -> None:
        key = (await made(admin))["key"]

        for headers in ({"X-API-Key": key}, {"Authorization": f"Bearer {key}"}):
            assert (await anonymous.get("/v1/runs", headers=headers)).status_code == 200

    async def test_a_key_makes_none_that_is_wider(self, app: FastAPI, admin: httpx2.AsyncClient) -> None:
        """SECURITY 25."""
        narrow = await made(admin, permissions=["keys:write", "runs:read"])
        async with asking(app) as client:
            client.headers["X-API-Key"] = narrow["key"]

            for permissions in (["runs:write"], ["admin:*"], ["keys:*"], ["runs:*"]):
                body = {"name": "wider", "permissions": permissions}
                assert (await client.post("/v1/keys", json=body)).status_code == 403
            assert (
                await client.post("/v1/keys", json={"name": "as wide", "permissions": ["runs:read"]})
            ).status_code == 201

    @pytest.mark.parametrize(
        "body",
        [
            {"name": "x"}, {"name": "x", "permissions": []}, {"name": "", "permissions": ["runs:read"]},
            {"name": "x", "permissions": ["nope"]}, {"name": "x", "permissions": "runs:read"},
            {"name": "x", "permissions": ["runs:read"], "expires_at": "2001-01-01T00:00:00Z"},
            {"name": "x", "permissions": ["runs:read"], "expires_at": "2099-01-01T00:00:00"},
            {"name": "x", "permissions": ["runs:read"], "tenant": "acme"}, {"name": "x", "permissions": ["runs:read"], "key": "k"},
        ],
    )  # fmt: skip
    async def test_odd_wishes_are_refused(self, body: dict[str, Any], admin: httpx2.AsyncClient) -> None:
        assert (await admin.post("/v1/keys", json=body)).status_code == 422

    async def test_names_of_other_platforms_are_taken(self, admin: httpx2.AsyncClient) -> None:
        key = await made(admin, permissions=["agent:create", "task:*"])

        assert key["permissions"] == ["agents:write", "runs:*"]


class TestUsers:
    async def test_a_user_is_made_changed_and_removed(self, admin: httpx2.AsyncClient) -> None:
        user = (await admin.post("/v1/users", json={"login": "Ada", "roles": ["viewer"]})).json()
        path = f"/v1/users/{user['id']}"

        changed = await admin.patch(path, json={"name": "Ada L.", "roles": ["operator"], "disabled": True})
        gone = await admin.delete(path)

        assert (changed.json()["name"], changed.json()["roles"], changed.json()["disabled"]) == (
            "Ada L.",
            ["operator"],
            True,
        )
        assert gone.status_code == 204
        assert (await admin.get(path)).status_code == 404

    async def test_no_hash_of_a_password_is_ever_shown(self, admin: httpx2.AsyncClient) -> None:
        await admin.post("/v1/users", json={"login": "ada", "password": "correct horse battery"})

        for path in ("/v1/users", "/v1/audit"):
            text = (await admin.get(path)).text
            assert "argon2" not in text
            assert "correct horse" not in text

    async def test_pages_end(self, admin: httpx2.AsyncClient) -> None:
        for name in ("a", "b", "c"):
            await admin.post("/v1/users", json={"login": name})

        first = (await admin.get("/v1/users", params={"limit": 2})).json()
        rest = (await admin.get("/v1/users", params={"limit": 2, "cursor": first["next_cursor"]})).json()

        assert len(first["items"]) == 2
        assert (len(rest["items"]), rest["next_cursor"]) == (1, None)
        assert (await admin.get("/v1/users", params={"cursor": "nonsense"})).status_code == 400


class TestRoles:
    async def test_roles_of_the_product_stay(self, admin: httpx2.AsyncClient) -> None:
        assert (await admin.put("/v1/roles/owner", json={"permissions": []})).status_code == 409
        assert (await admin.delete("/v1/roles/owner")).status_code == 404

    async def test_a_role_of_its_own_comes_and_goes(self, admin: httpx2.AsyncClient) -> None:
        put = await admin.put("/v1/roles/night-shift", json={"permissions": ["runs:write", "runs:read"]})
        names = [role["name"] for role in (await admin.get("/v1/roles")).json()["items"]]

        assert put.json()["built_in"] is False
        assert names == ["viewer", "operator", "developer", "admin", "owner", "night-shift"]
        assert (await admin.delete("/v1/roles/night-shift")).status_code == 204


class TestAudit:
    async def test_it_is_read_by_what_one_looks_for(self, admin: httpx2.AsyncClient) -> None:
        key = await made(admin)
        await admin.delete(f"/v1/keys/{key['id']}")
        await admin.post("/v1/users", json={"login": "ada"})

        newest = (await admin.get("/v1/audit", params={"limit": 1})).json()
        revoked = (await admin.get("/v1/audit", params={"action": "keys.revoke"})).json()["items"]
        later = (await admin.get("/v1/audit", params={"since": "2099-01-01T00:00:00Z"})).json()["items"]

        assert newest["items"][0]["action"] == "users.create"
        assert newest["next_cursor"]
        assert [(each["subject"], each["actor"], each["outcome"]) for each in revoked] == [
            (key["id"], "admin:admin", "done")
        ]
        assert later == []
