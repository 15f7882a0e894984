"""A time looks the same wherever the API tells one: RFC 3339 in UTC, to the millisecond."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TIMES = ("at", "created_at", "started_at", "ended_at", "updated_at", "expires_at")
SECRET = "four words make one"


async def test_every_noun_tells_times_alike(admin: httpx2.AsyncClient):
    """Whoever reads one of them can read all."""
    await admin.put("/v1/secrets/TOKEN", json={"value": SECRET})
    await admin.put("/v1/variables/TONE", json={"value": "friendly"})
    await admin.post("/v1/users", json={"login": "ada@example.com", "name": "Ada", "password": SECRET, "roles": []})
    await admin.post(
        "/v1/keys", json={"name": "ci", "permissions": ["runs:read"], "expires_at": "2040-01-01T00:00:00+02:00"}
    )
    await admin.post("/v1/flows", json={"flow": "one", "nodes": {"a": {"use": "set", "with": {"value": 1}}}})
    await admin.post("/v1/runs", params={"wait": 10}, json={"flow": "one"})

    for noun in ("secrets", "variables", "users", "keys", "tenants", "flows", "runs", "audit"):
        answer = await admin.get(f"/v1/{noun}")
        told = list(times(answer.json()))
        assert told, noun
        assert [time for time in told if not MOMENT.fullmatch(str(time))] == [], noun


def times(value: Any) -> Iterator[object]:
    if isinstance(value, list):
        for each in value:
            yield from times(each)
    if isinstance(value, dict):
        yield from (value[name] for name in TIMES if value.get(name) is not None)
        yield from times(list(value.values()))
