"""`/v1/variables`: set, read and deleted, for a stage or for all; and what a run makes of them."""

from pathlib import Path

import httpx2
import pytest

from api.test_secrets import key, other_tenant
from tenuto.settings import Settings

TELL = """
flow: tell
nodes: {a: {use: set, with: {value: "${vars.TONE}, ${vars.SIZE}"}}}
output: "${a}"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", vars={"TONE": "from the file", "SIZE": 1})


@pytest.mark.parametrize(("method", "url"), [("GET", ""), ("GET", "/A"), ("PUT", "/A"), ("DELETE", "/A")])
async def test_anonymous_is_asked_who_it_is(anonymous: httpx2.AsyncClient, method: str, url: str):
    answer = await anonymous.request(method, f"/v1/variables{url}", json={"value": 1})

    assert answer.status_code == 401


async def test_a_variable_is_any_json_for_a_stage_or_for_all(admin: httpx2.AsyncClient):
    for stage, value in (("*", {"deep": [1, None]}), ("dev", False)):
        answer = await admin.put("/v1/variables/A", params={"stage": stage}, json={"value": value})
        assert answer.status_code == 200, answer.text

    listed = await admin.get("/v1/variables")
    shown = await admin.get("/v1/variables/A", params={"stage": "dev"})
    gone = await admin.delete("/v1/variables/A", params={"stage": "dev"})
    after = await admin.get("/v1/variables/A", params={"stage": "dev"})

    assert [(item["stage"], item["value"]) for item in listed.json()["items"]] == [
        ("*", {"deep": [1, None]}),
        ("dev", False),
    ]
    assert shown.json()["value"] is False
    assert (gone.status_code, after.status_code) == (204, 404)


async def test_a_run_is_given_those_of_its_stage_over_those_of_the_file(admin: httpx2.AsyncClient):
    saved = await admin.post("/v1/flows", content=TELL, headers={"content-type": "application/yaml"})
    assert saved.status_code == 201, saved.text
    await admin.put("/v1/variables/TONE", json={"value": "friendly"})
    await admin.put("/v1/variables/SIZE", params={"stage": "staging"}, json={"value": 9})

    async def told(stage: str) -> object:
        answer = await admin.post("/v1/runs", params={"wait": 10}, json={"flow": "tell", "stage": stage})
        return answer.json()["output"]

    assert await told("dev") == "friendly, 1"
    assert await told("staging") == "friendly, 9"


async def test_another_tenant_has_its_own(admin: httpx2.AsyncClient):
    there = await other_tenant(admin)
    await admin.put("/v1/variables/A", json={"value": 1})

    assert (await admin.get("/v1/variables", headers=there)).json()["items"] == []
    assert (await admin.get("/v1/variables/A", headers=there)).status_code == 404
    assert (await admin.delete("/v1/variables/A", headers=there)).status_code == 404


async def test_permissions_are_read_and_write(admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient):
    reading, writing = await key(admin, "variables:read"), await key(admin, "variables:write")

    async def codes(headers: dict[str, str]) -> list[int]:
        return [
            (await anonymous.put("/v1/variables/A", json={"value": 1}, headers=headers)).status_code,
            (await anonymous.get("/v1/variables", headers=headers)).status_code,
            (await anonymous.delete("/v1/variables/A", headers=headers)).status_code,
        ]

    assert await codes(reading) == [403, 200, 403]
    assert await codes(writing) == [200, 403, 204]


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        ("/v1/variables/a-b", {"value": 1}, 422),
        ("/v1/variables/A", {}, 422),
        ("/v1/variables/A", {"value": 1, "more": 2}, 422),
        ("/v1/variables/A", {"value": "x" * 70_000}, 413),
        ("/v1/variables/A?stage=nowhere", {"value": 1}, 404),
    ],
)
async def test_what_cannot_be_is_refused(admin: httpx2.AsyncClient, url: str, body: object, status: int):
    assert (await admin.put(url, json=body)).status_code == status
