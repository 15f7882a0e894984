"""`/auth` and `/me`: logging in, new tokens for old, and leaving."""

from typing import Any

import httpx2
import pytest

PASSWORD = "correct horse battery"
LOGIN = {"login": "ada@example.com", "password": PASSWORD}


@pytest.fixture
async def ada(admin: httpx2.AsyncClient) -> dict[str, Any]:
    """A developer of the default tenant."""
    answer = await admin.post("/v1/users", json={**LOGIN, "login": "Ada@Example.com", "roles": ["developer"]})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def logged_in(client: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/auth/login", json={**LOGIN, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


class TestLogin:
    async def test_a_password_gives_a_token_that_says_who_one_is(
        self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]
    ) -> None:
        tokens = await logged_in(anonymous)

        me = (await anonymous.get("/me", headers=bearer(tokens))).json()

        assert (me["id"], me["tenants"], me["kind"]) == (ada["id"], ["default"], "user")
        assert "flows:publish" in me["permissions"]
        assert "keys:write" not in me["permissions"]

    async def test_tokens_are_not_kept_by_caches(self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]) -> None:
        """SECURITY 88."""
        answer = await anonymous.post("/auth/login", json=LOGIN)

        assert answer.headers["cache-control"] == "no-store"

    async def test_a_wrong_password_and_a_wrong_name_read_the_same(
        self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]
    ) -> None:
        answers = [
            await anonymous.post("/auth/login", json={**LOGIN, **change})
            for change in ({"password": "not this one"}, {"login": "nobody@example.com"}, {"password": ""})
        ]

        bodies = [{**answer.json(), "request_id": ""} for answer in answers]
        assert {answer.status_code for answer in answers} == {401}
        assert bodies[0] == bodies[1] == bodies[2]

    async def test_ten_failures_are_followed_by_a_wait(
        self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]
    ) -> None:
        for _ in range(10):
            await anonymous.post("/auth/login", json={**LOGIN, "password": "not this one"})

        answer = await anonymous.post("/auth/login", json=LOGIN)

        assert answer.status_code == 429
        assert int(answer.headers["retry-after"]) >= 1

    @pytest.mark.parametrize("more", [{"is_admin": True}, {"roles": ["owner"]}, {"redirect": "https://evil.example"}])
    async def test_nothing_else_is_taken(self, more: dict[str, Any], anonymous: httpx2.AsyncClient) -> None:
        assert (await anonymous.post("/auth/login", json={**LOGIN, **more})).status_code == 422

    async def test_what_was_sent_is_not_sent_back(self, anonymous: httpx2.AsyncClient) -> None:
        answer = await anonymous.post("/auth/login", json={"login": 1, "password": [PASSWORD]})

        assert answer.status_code == 422
        assert PASSWORD not in answer.text


class TestRefresh:
    async def test_a_token_is_good_once(self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]) -> None:
        tokens = await logged_in(anonymous)
        body = {"refresh_token": tokens["refresh_token"]}

        second = await anonymous.post("/auth/refresh", json=body)
        again = await anonymous.post("/auth/refresh", json=body)

        assert second.status_code == 200
        assert again.status_code == 401
        assert (await anonymous.get("/me", headers=bearer(second.json()))).status_code == 401

    async def test_without_one_there_is_nothing_to_refresh(self, anonymous: httpx2.AsyncClient) -> None:
        assert (await anonymous.post("/auth/refresh")).status_code == 401
        assert (await anonymous.post("/auth/refresh", json={})).status_code == 401


class TestLogout:
    @pytest.mark.parametrize("by", ["access", "refresh"])
    async def test_afterwards_neither_token_is_taken(
        self, by: str, anonymous: httpx2.AsyncClient, ada: dict[str, Any]
    ) -> None:
        """At once: whoever copied them has nothing."""
        tokens = await logged_in(anonymous)
        await anonymous.get("/me", headers=bearer(tokens))
        body = {"refresh_token": tokens["refresh_token"]}

        if by == "access":
            out = await anonymous.post("/auth/logout", headers=bearer(tokens))
        else:
            out = await anonymous.post("/auth/logout", json=body)

        assert out.status_code == 204
        assert (await anonymous.get("/me", headers=bearer(tokens))).status_code == 401
        assert (await anonymous.post("/auth/refresh", json=body)).status_code == 401

    async def test_a_stranger_has_nothing_to_leave(self, anonymous: httpx2.AsyncClient) -> None:
        assert (await anonymous.post("/auth/logout")).status_code == 401


class TestCookie:
    async def test_it_is_given_where_it_is_asked_for_alone(
        self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]
    ) -> None:
        plain = await anonymous.post("/auth/login", json=LOGIN)
        asked = await anonymous.post("/auth/login", json={**LOGIN, "cookie": True})

        assert "set-cookie" not in plain.headers
        assert asked.json()["refresh_token"] is None
        said = asked.headers["set-cookie"].lower()
        assert "httponly" in said
        assert "samesite=strict" in said
        assert "path=/auth" in said

    async def test_it_refreshes_and_is_taken_away(self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]) -> None:
        await logged_in(anonymous, cookie=True)

        tokens = await anonymous.post("/auth/refresh")
        out = await anonymous.post("/auth/logout")

        assert tokens.status_code == 200
        assert tokens.json()["refresh_token"] is None
        assert out.status_code == 204
        assert 'tenuto_refresh=""' in out.headers["set-cookie"]
        assert (await anonymous.get("/me", headers=bearer(tokens.json()))).status_code == 401

    @pytest.mark.parametrize(
        "headers",
        [
            {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://localhost.evil.example"}, {"Origin": "http://localhost:81"},
        ],
    )  # fmt: skip
    async def test_another_page_cannot_use_it(
        self, headers: dict[str, str], anonymous: httpx2.AsyncClient, ada: dict[str, Any]
    ) -> None:
        """Langflow's could be used from anywhere, and ended in code."""
        await logged_in(anonymous, cookie=True)

        answer = await anonymous.post("/auth/refresh", headers=headers)

        assert answer.status_code == 403
        assert "access_token" not in answer.text
        assert "access-control-allow-origin" not in answer.headers

    async def test_it_is_no_credential_elsewhere(self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]) -> None:
        await logged_in(anonymous, cookie=True)

        assert (await anonymous.get("/me")).status_code == 401


class TestPassword:
    async def test_a_new_one_ends_all_sessions(self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]) -> None:
        tokens = await logged_in(anonymous)
        body = {"old": PASSWORD, "new": "another long one"}

        answer = await anonymous.post("/auth/password", json=body, headers=bearer(tokens))

        assert answer.status_code == 204
        assert (await anonymous.get("/me", headers=bearer(tokens))).status_code == 401
        assert (await anonymous.post("/auth/login", json={**LOGIN, "password": "another long one"})).status_code == 200

    async def test_the_old_one_must_be_right(self, anonymous: httpx2.AsyncClient, ada: dict[str, Any]) -> None:
        tokens = await logged_in(anonymous)

        answer = await anonymous.post("/auth/password", json={"old": "a", "new": "b" * 9}, headers=bearer(tokens))

        assert answer.status_code == 403
