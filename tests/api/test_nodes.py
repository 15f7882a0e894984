"""`/v1/nodes` through the whole application."""

import httpx2


async def test_the_library_is_a_list_in_packages(admin: httpx2.AsyncClient):
    """Cards for a palette, forms for an editor."""
    page = (await admin.get("/v1/nodes", params={"limit": 500})).json()
    types = {node["type"]: node for node in page["items"]}

    assert page["next_cursor"] is None
    assert {"flow", "http", "debug"} <= {package["name"] for package in page["packages"]}
    assert types["http.request"]["input_schema"]["required"] == ["url"]
    assert types["map"]["structure"] is True
    assert {node["package"] for node in (await admin.get("/v1/nodes?package=debug")).json()["items"]} == {"debug"}


async def test_one_node_with_its_form(admin: httpx2.AsyncClient):
    """Or the nearest, where there is none of that name."""
    found = await admin.get("/v1/nodes/debug.echo")
    none = await admin.get("/v1/nodes/debug.ehco")

    assert found.json()["ports"] == ["done"]
    assert none.status_code == 404
    assert "did you mean `debug.echo`?" in none.json()["detail"]


async def test_a_node_is_tried_as_a_run(admin: httpx2.AsyncClient):
    """Its input is data; the run is there to be looked at."""
    answer = await admin.post("/v1/nodes/debug.echo/try", json={"input": {"value": "${secrets.KEY}"}})
    run = await admin.get(f"/v1/runs/{answer.json()['run']}")

    assert answer.status_code == 200
    assert (answer.json()["status"], answer.json()["output"]) == ("succeeded", "${secrets.KEY}")
    assert run.json()["flow"] == "try-debug-echo"


async def test_what_cannot_be_tried(admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient):
    """Statuses as everywhere; nothing on production, and not without the permission to start runs."""
    made = await admin.post("/v1/keys", json={"name": "k", "permissions": ["nodes:*"]})
    anonymous.headers["X-API-Key"] = made.json()["key"]
    body = {"input": {"value": 1}}

    assert (await admin.post("/v1/nodes/no.such/try", json=body)).status_code == 404
    assert (await admin.post("/v1/nodes/set/try", json=body)).status_code == 422
    assert (await admin.post("/v1/nodes/debug.echo/try", json={"input": {"v": 1}})).status_code == 422
    assert (await admin.post("/v1/nodes/debug.echo/try", json={**body, "secrets": {}})).status_code == 422
    assert (await admin.post("/v1/nodes/debug.echo/try", json={**body, "stage": "prod"})).status_code == 403
    assert (await admin.post("/v1/nodes/debug.echo/try", json={**body, "stage": "nowhere"})).status_code == 404
    assert (await anonymous.get("/v1/nodes")).status_code == 200
    assert (await anonymous.post("/v1/nodes/debug.echo/try", json=body)).status_code == 403
