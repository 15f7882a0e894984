"""`/v1/tools` through the whole application."""

import httpx2
import pytest

from sdk.http.server import Server as Web
from sdk.http.server import http
from tenuto.service.platform import Platform
from tenuto.settings import Settings

SHOP = {"url": "http://127.0.0.1:{port}/orders/{id}", "method": "GET", "description": "Finds an order."}
FLOW = """
flow: greet
input: {name: string}
nodes:
  say: {use: set, with: {value: "hello ${input.name}"}}
output: ${say}
"""


@pytest.fixture
def settings(settings: Settings) -> Settings:
    from dataclasses import replace

    from sdk.http.server import LOOPBACK

    return replace(settings, http_allow=LOOPBACK)


async def test_nodes_flows_and_agents_are_tools(admin: httpx2.AsyncClient) -> None:
    await admin.post("/v1/flows", content=FLOW, headers={"content-type": "application/yaml"})
    draft = await admin.get("/v1/tools/flow:greet")
    await admin.put("/v1/flows/greet/stages/dev", json={"version": 1})

    page = (await admin.get("/v1/tools", params={"limit": 500})).json()
    names = {tool["name"]: tool for tool in page["items"]}

    assert draft.status_code == 404
    assert "is not published on the stage `dev`" in draft.json()["detail"]
    assert {"node:http.request", "flow:greet", "ask_person"} <= names.keys()
    assert names["flow:greet"]["parameters"]["required"] == ["name"]
    assert not [name for name in names if name.startswith(("node:agent", "node:tool."))]


@pytest.mark.nightly
async def test_pages_go_through_all_of_them_once(admin: httpx2.AsyncClient) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        params = {"limit": 5, "kind": "node"} | ({"cursor": cursor} if cursor else {})
        page = (await admin.get("/v1/tools", params=params)).json()
        seen += [tool["name"] for tool in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break

    assert seen == sorted(set(seen))
    assert (await admin.get("/v1/tools", params={"cursor": "none"})).status_code == 400


async def test_a_name_that_is_nearly_right_is_told_what_it_could_be(admin: httpx2.AsyncClient) -> None:
    answer = await admin.get("/v1/tools/node:http.requets")

    assert answer.status_code == 404
    assert "did you mean `node:http.request`?" in answer.json()["detail"]
    assert (await admin.get("/v1/tools/debug.echo")).json()["name"] == "node:debug.echo"
    assert (await admin.get("/v1/tools/node:tool.call")).status_code == 404


async def test_a_call_is_a_run(admin: httpx2.AsyncClient) -> None:
    await admin.post("/v1/flows", content=FLOW, headers={"content-type": "application/yaml"})
    await admin.put("/v1/flows/greet/stages/dev", json={"version": 1})

    node = await admin.post("/v1/tools/node:debug.echo/call", json={"arguments": {"value": "${secrets.KEY}"}})
    flow = await admin.post("/v1/tools/flow:greet/call", json={"arguments": {"name": "you"}})
    wrong = await admin.post("/v1/tools/flow:greet/call", json={"arguments": {"nam": "you"}})
    run = (await admin.get(f"/v1/runs/{flow.json()['run']}")).json()

    assert (node.json()["status"], node.json()["output"]) == ("succeeded", "${secrets.KEY}")
    assert flow.json()["output"] == "hello you"
    assert wrong.status_code == 422
    assert run["nodes"]["say"]["output"] == "hello you"


async def test_calls_are_logged_with_how_long_they_took(admin: httpx2.AsyncClient) -> None:
    """Whoever made them: like those of agents."""
    good = await admin.post("/v1/tools/node:debug.echo/call", json={"arguments": {"value": 1}})
    bad = await admin.post("/v1/tools/node:debug.fail/call", json={"arguments": {"message": "no luck"}})
    logged = [(await admin.get(f"/v1/runs/{call.json()['run']}/logs")).json()["items"][-1] for call in (good, bad)]

    assert [line["text"] for line in logged] == ["node:debug.echo answered", "node:debug.fail failed"]
    assert [line["fields"]["status"] for line in logged] == ["answered", "failed"]
    assert all(isinstance(line["fields"]["ms"], int) for line in logged)
    assert logged[1]["fields"]["error"] == "no luck"


async def test_a_large_answer_is_a_file_whatever_was_called(admin: httpx2.AsyncClient) -> None:
    """A node, and a flow, whose run has it whole."""
    large = "many words " * 7_000
    await admin.post("/v1/flows", content=FLOW, headers={"content-type": "application/yaml"})
    await admin.put("/v1/flows/greet/stages/dev", json={"version": 1})

    node = await admin.post("/v1/tools/node:debug.echo/call", json={"arguments": {"value": large}})
    flow = await admin.post("/v1/tools/flow:greet/call", json={"arguments": {"name": large}})
    contents = [(await admin.get(f"/v1/files/{told.json()['output']['file']['$file']}")).text for told in (node, flow)]
    run = (await admin.get(f"/v1/runs/{flow.json()['run']}")).json()

    assert len(node.content) < 5_000
    assert node.json()["output"]["size"] == len(large)
    assert contents == [large, f"hello {large}"]
    assert run["output"] == f"hello {large}"


async def test_nobody_does_through_a_tool_what_he_may_not_do_otherwise(
    admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient
) -> None:
    made = await admin.post("/v1/keys", json={"name": "k", "permissions": ["tools:*"]})
    anonymous.headers["X-API-Key"] = made.json()["key"]
    arguments = {"arguments": {"value": 1}}

    refused = await anonymous.post("/v1/tools/node:debug.echo/call", json=arguments)
    production = await admin.post("/v1/tools/node:debug.echo/call", json={**arguments, "stage": "prod"})

    assert refused.status_code == 403
    assert "nodes:try" in refused.json()["detail"]
    assert production.status_code == 403


async def test_a_service_is_registered_changed_called_and_deleted(admin: httpx2.AsyncClient) -> None:
    web = Web()
    web.start()
    web.routes["/orders/7"] = lambda seen: http(body=seen.headers["x-tenant-id"].encode())
    body = {**SHOP, "url": f"http://127.0.0.1:{web.port}/orders/{{id}}"}

    made = await admin.put("/v1/tools/http:find_order", json=body)
    changed = await admin.put("/v1/tools/http:find_order", json={**body, "description": "Other."})
    called = await admin.post("/v1/tools/http:find_order/call", json={"arguments": {"id": 7}})
    deleted = await admin.delete("/v1/tools/http:find_order")
    web.stop()

    assert (made.status_code, changed.status_code, deleted.status_code) == (201, 200, 204)
    assert (made.json()["effects"], called.json()["output"]) == ("idempotent", "default")
    assert (await admin.get("/v1/tools/http:find_order")).status_code == 404
    assert (await admin.delete("/v1/tools/http:find_order")).status_code == 404


@pytest.mark.nightly
async def test_what_cannot_be_registered_is_said(admin: httpx2.AsyncClient, platform: Platform) -> None:
    for name, body in (
        ("http:Shop", SHOP),
        ("http:shop", {"url": "http://{host}/x"}),
        ("http:shop", {"url": "http://a.example.com", "headers": {"X-Tenant-Id": "other"}}),
        ("http:shop", {"url": "http://a.example.com", "token": "plain"}),
    ):
        assert (await admin.put(f"/v1/tools/{name}", json=body)).status_code == 422, body
    assert (await admin.put("/v1/tools/node:debug.echo", json={"url": "http://a.example.com"})).status_code == 404
