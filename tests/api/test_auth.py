"""`/auth` and `/me`: logging in, new tokens for old, and leaving."""

import httpx2
import pytest

PASSWORD = "correct horse battery"


@pytest.fixture
async def ada(admin: httpx2.AsyncClient) -> dict:
    """A developer of the default tenant."""
    answer = await admin.post(
        "/v1/users", json={"login": "Ada@Example.com", "password": PASSWORD, "roles": ["developer"]}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def logged_in(client: httpx2.AsyncClient, **more) -> dict:
    answer = await client.post("/auth/login", json={"login": "ada@example.com", "password": PASSWORD, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(tokens: dict) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


class TestLogin:
    async def test_a_password_gives_a_token_that_says_who_one_is(self, anonymous, ada) -> None:
        tokens = await logged_in(anonymous)

        me = await anonymous.get("/me", headers=bearer(tokens))

        assert me.json()["id"] == ada["id"]
        assert me.json()["tenants"] == ["default"]
        assert "flows:publish" in me.json()["permissions"]
        assert "keys:write" not in me.json()["permissions"]
