"""`/v1/stages` through the whole application."""

import httpx2


async def names(admin: httpx2.AsyncClient) -> list[str]:
    return [stage["name"] for stage in (await admin.get("/v1/stages")).json()["items"]]


async def test_stages_are_made_moved_and_deleted(admin: httpx2.AsyncClient):
    """In their order; production is a mark that moves."""
    made = await admin.post("/v1/stages", json={"name": "qa", "order": 1})
    moved = await admin.patch("/v1/stages/qa", json={"order": 0, "production": True})
    prod = await admin.get("/v1/stages/prod")
    order = await names(admin)
    gone = await admin.delete("/v1/stages/qa")

    assert (made.status_code, made.json()) == (201, {"name": "qa", "order": 1, "production": False})
    assert moved.json() == {"name": "qa", "order": 0, "production": True}
    assert prod.json()["production"] is False
    assert order == ["qa", "dev", "staging", "prod"]
    assert gone.status_code == 204
    assert await names(admin) == ["dev", "staging", "prod"]


async def test_what_cannot_be(admin: httpx2.AsyncClient):
    """Statuses as everywhere."""
    assert (await admin.post("/v1/stages", json={"name": "mock"})).status_code == 409
    assert (await admin.post("/v1/stages", json={"name": "dev"})).status_code == 409
    assert (await admin.post("/v1/stages", json={"name": "../x"})).status_code == 422
    assert (await admin.post("/v1/stages", json={"name": "x", "colour": 1})).status_code == 422
    assert (await admin.patch("/v1/stages/nowhere", json={})).status_code == 404
    assert (await admin.delete("/v1/stages/dev")).status_code == 409
    assert (await admin.get("/v1/stages/mock")).status_code == 409


async def test_it_takes_who_may_publish(admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient):
    """Whoever may read sees them."""
    made = await admin.post("/v1/keys", json={"name": "k", "permissions": ["flows:read", "flows:write"]})
    anonymous.headers["X-API-Key"] = made.json()["key"]

    assert (await anonymous.get("/v1/stages")).status_code == 200
    assert (await anonymous.post("/v1/stages", json={"name": "qa"})).status_code == 403
    assert (await anonymous.patch("/v1/stages/dev", json={})).status_code == 403
    assert (await anonymous.delete("/v1/stages/dev")).status_code == 403
