"""`/v1/mcp-servers` and the tools of such servers, through the whole application."""

from dataclasses import replace
from typing import Any

import httpx2
import pytest

from service.tools.fake_mcp import CLOSE, SEARCH, FakeMcp
from tenuto.ports.mcp import McpServer
from tenuto.service.platform import Platform
from tenuto.settings import Settings

TICKETS = {"name": "tickets", "url": "https://mcp.example.com", "secret": "tickets", "headers": {"X-Team": "ops"}}


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeMcp:
    made = FakeMcp()
    monkeypatch.setattr("tenuto.bootstrap.tools.Connections", lambda *_, **__: made)
    return made


async def registered(admin: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await admin.post("/v1/mcp-servers", json={**TICKETS, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def call(client: httpx2.AsyncClient, name: str, **arguments: Any) -> httpx2.Response:
    return await client.post(f"/v1/tools/{name}/call", json={"arguments": arguments})


async def test_who_registers_a_server_approves_what_it_offers(admin: httpx2.AsyncClient, fake: FakeMcp) -> None:
    shown = await registered(admin)
    found = (await admin.get("/v1/tools", params={"kind": "mcp"})).json()["items"]
    called = await call(admin, "mcp:tickets/search", query="otters")

    assert {tool["name"]: tool["state"] for tool in shown["tools"]} == {"search": "approved", "close": "approved"}
    assert (shown["headers"], shown["secret"]) == (["X-Team"], "tickets")
    assert [tool["name"] for tool in found] == ["mcp:tickets/close", "mcp:tickets/search"]
    assert (called.json()["status"], called.json()["output"]) == ("succeeded", "search done")
    assert fake.calls == [("default", "tickets", "search", {"query": "otters"})]


@pytest.mark.nightly
async def test_arguments_are_checked_before_the_call(admin: httpx2.AsyncClient, fake: FakeMcp) -> None:
    await registered(admin)

    answer = await call(admin, "mcp:tickets/close", id="all")

    assert answer.status_code == 422
    assert '"all" is not of type "integer"' in answer.json()["detail"]
    assert fake.calls == []


async def test_a_changed_definition_is_refused_until_it_is_approved(admin: httpx2.AsyncClient, fake: FakeMcp) -> None:
    """SECURITY 95: what was looked at is what is approved."""
    await registered(admin)
    fake.offers = [SEARCH, replace(CLOSE, description="Closes a ticket and pays.")]

    refused = await call(admin, "mcp:tickets/close", id=1)
    shown = (await admin.get("/v1/mcp-servers/tickets")).json()["tools"][0]
    stale = await admin.post("/v1/mcp-servers/tickets/approve", json={"tools": {"close": "0" * 64}})
    approved = await admin.post("/v1/mcp-servers/tickets/approve", json={"tools": {"close": shown["hash"]}})
    again = await call(admin, "mcp:tickets/close", id=1)

    assert refused.json()["status"] == "failed"
    assert "is not the one that was approved" in refused.json()["error"]["message"]
    assert shown["state"] == "changed"
    assert any("and pays" in line for line in shown["diff"])
    assert stale.status_code == 409
    assert approved.json()["tools"][0]["state"] == "approved"
    assert again.json()["output"] == "close done"


async def test_what_administrators_do_is_audited(admin: httpx2.AsyncClient) -> None:
    """SECURITY 102."""
    shown = await registered(admin)
    seen = {"tools": {"search": shown["tools"][1]["hash"]}}
    await admin.post("/v1/mcp-servers/tickets/approve", json=seen)
    await admin.delete("/v1/mcp-servers/tickets")

    acts = [entry["action"] for entry in (await admin.get("/v1/audit")).json()["items"]]

    assert {"mcp.register", "mcp.first_contact", "mcp.approve", "mcp.delete"} <= set(acts)
    assert (await admin.get("/v1/tools", params={"kind": "mcp"})).json()["items"] == []


async def test_a_program_is_registered_by_who_cares_for_the_installation_alone(
    admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient, fake: FakeMcp
) -> None:
    """It runs with the rights of the server: whoever writes flows, and an owner of a tenant, cannot name one."""
    made = await admin.post("/v1/keys", json={"name": "k", "permissions": ["tools:*"]})
    anonymous.headers["X-API-Key"] = made.json()["key"]
    program = {"name": "shell", "command": ["sh", "-c", "id"]}

    refused = await anonymous.post("/v1/mcp-servers", json=program)
    taken = await admin.post("/v1/mcp-servers", json=program)

    assert refused.status_code == 403
    assert "admin:system" in refused.json()["detail"]
    assert taken.status_code == 201
    assert (await anonymous.post("/v1/mcp-servers", json=TICKETS)).status_code == 201


@pytest.mark.nightly
async def test_a_server_that_does_not_answer_is_registered_all_the_same(
    admin: httpx2.AsyncClient, fake: FakeMcp
) -> None:
    fake.gone = True

    shown = await registered(admin)
    approved = await admin.post("/v1/mcp-servers/tickets/approve", json={"tools": {"search": "x"}})

    assert "nobody answers" in shown["trouble"]
    assert approved.status_code == 503


@pytest.mark.nightly
async def test_what_cannot_be_registered_is_said(admin: httpx2.AsyncClient) -> None:
    for body in (
        {**TICKETS, "name": "a/b"},
        {**TICKETS, "url": "gopher://a.example.com"},
        {**TICKETS, "command": ["a"]},
        {"name": "tickets"},
        {**TICKETS, "api_key": "plain"},
    ):
        assert (await admin.post("/v1/mcp-servers", json=body)).status_code == 422, body
    assert (await admin.get("/v1/mcp-servers/ticket")).status_code == 404
    assert (await admin.delete("/v1/mcp-servers/ticket")).status_code == 404


async def test_a_server_that_is_registered_anew_is_approved_anew(admin: httpx2.AsyncClient, fake: FakeMcp) -> None:
    """Whoever names another address does not inherit what was approved of the one before."""
    await registered(admin)
    fake.offers = [SEARCH]

    shown = await registered(admin, url="https://other.example.com")

    assert [tool["name"] for tool in shown["tools"]] == ["search"]
    assert fake.forgotten == ["tickets", "tickets"]


class TestHealth:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, mcp={"tickets": McpServer(name="tickets", url="https://mcp.example.com")})

    async def test_a_server_of_the_settings_that_does_not_answer_is_told(
        self, admin: httpx2.AsyncClient, platform: Platform, fake: FakeMcp
    ) -> None:
        """Somebody should look; runs without it go on."""
        well = (await admin.get("/health")).json()
        fake.gone = True
        platform.health._report = None  # what was found is remembered for a second
        ill = (await admin.get("/health")).json()

        assert well["checks"]["mcp"] == "ok"
        assert (ill["status"], ill["checks"]["mcp"]) == ("degraded", "1 of 1 servers do not answer")
        assert (await admin.delete("/v1/mcp-servers/tickets")).status_code == 409
        assert (await admin.post("/v1/mcp-servers", json=TICKETS)).status_code == 409
