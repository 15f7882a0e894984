"""`/v1/secrets`: values go in, names come out."""

from pathlib import Path

import httpx2
import pytest

from tenuto.bootstrap.server import Server, open_server
from tenuto.service.principal import EVERYTHING
from tenuto.service.refusals import Refused
from tenuto.settings import Hidden, Settings

VALUE = "s3cr3t/välue+1"


async def key(admin: httpx2.AsyncClient, *permissions: str) -> dict[str, str]:
    made = await admin.post("/v1/keys", json={"name": "k", "permissions": [*permissions]})
    assert made.status_code == 201, made.text
    return {"X-API-Key": made.json()["key"]}


async def other_tenant(admin: httpx2.AsyncClient) -> dict[str, str]:
    made = await admin.post("/v1/tenants", json={"name": "Other"})
    assert made.status_code == 201, made.text
    return {"X-Tenant-Id": made.json()["id"]}


@pytest.mark.parametrize(("method", "url"), [("GET", ""), ("PUT", "/TOKEN"), ("DELETE", "/TOKEN")])
async def test_anonymous_is_asked_who_it_is(anonymous: httpx2.AsyncClient, method: str, url: str):
    answer = await anonymous.request(method, f"/v1/secrets{url}", json={"value": VALUE})

    assert answer.status_code == 401


async def test_a_secret_is_set_listed_and_deleted_and_its_value_never_shown(admin: httpx2.AsyncClient):
    first = await admin.put("/v1/secrets/TOKEN", json={"value": VALUE})
    second = await admin.put("/v1/secrets/TOKEN", params={"stage": "prod"}, json={"value": VALUE + "2"})
    again = await admin.put("/v1/secrets/TOKEN", json={"value": VALUE + "3"})
    listed = await admin.get("/v1/secrets")
    of_prod = await admin.get("/v1/secrets", params={"stage": "prod"})
    gone = await admin.delete("/v1/secrets/TOKEN", params={"stage": "prod"})
    left = await admin.get("/v1/secrets")

    assert [answer.status_code for answer in (first, second, again, gone)] == [201, 201, 200, 204]
    assert first.json().keys() == {"name", "stage", "version", "updated_at", "by", "hosts"}
    assert [(item["stage"], item["version"]) for item in listed.json()["items"]] == [("*", 2), ("prod", 1)]
    assert [item["stage"] for item in of_prod.json()["items"]] == ["prod"]
    assert [item["stage"] for item in left.json()["items"]] == ["*"]
    assert VALUE not in "".join(answer.text for answer in (first, second, again, listed, of_prod, left))


async def test_there_is_no_way_to_read_one(admin: httpx2.AsyncClient):
    await admin.put("/v1/secrets/TOKEN", json={"value": VALUE})

    assert (await admin.get("/v1/secrets/TOKEN")).status_code == 405


async def test_permissions_are_read_and_write(admin: httpx2.AsyncClient, anonymous: httpx2.AsyncClient):
    await admin.put("/v1/secrets/TOKEN", json={"value": VALUE})
    reading, writing = await key(admin, "secrets:read"), await key(admin, "secrets:write")
    other = await key(admin, "variables:write", "variables:read")

    async def codes(headers: dict[str, str]) -> list[int]:
        return [
            (await anonymous.get("/v1/secrets", headers=headers)).status_code,
            (await anonymous.put("/v1/secrets/NEW", json={"value": VALUE}, headers=headers)).status_code,
            (await anonymous.delete("/v1/secrets/NEW", headers=headers)).status_code,
        ]

    assert await codes(reading) == [200, 403, 403]
    assert await codes(writing) == [403, 201, 204]
    assert await codes(other) == [403, 403, 403]


async def test_another_tenants_are_not_there(admin: httpx2.AsyncClient):
    there = await other_tenant(admin)
    await admin.put("/v1/secrets/TOKEN", json={"value": VALUE})

    listed = await admin.get("/v1/secrets", headers=there)
    deleted = await admin.delete("/v1/secrets/TOKEN", headers=there)
    named = await admin.put("/v1/secrets/TOKEN", json={"value": VALUE, "tenant": "default"}, headers=there)

    assert listed.json()["items"] == []
    assert deleted.status_code == 404
    assert named.status_code == 422
    assert (await admin.get("/v1/secrets")).json()["items"][0]["version"] == 1


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        ("/v1/secrets/TOKEN", {"value": {"deep": VALUE}}, 422),
        ("/v1/secrets/TOKEN", {"value": [VALUE]}, 422),
        ("/v1/secrets/TOKEN", {"vaule": VALUE}, 422),
        ("/v1/secrets/TOKEN", {"value": VALUE, "extra": VALUE}, 422),
        ("/v1/secrets/TOKEN", {"value": VALUE * 5_000}, 422),
        ("/v1/secrets/TOKEN", VALUE, 422),
        ("/v1/secrets/to-ken", {"value": VALUE}, 422),
        ("/v1/secrets/KEY", {"value": VALUE}, 422),
        ("/v1/secrets/TOKEN?stage=nowhere", {"value": VALUE}, 404),
        ("/v1/secrets/TOKEN?stage=mock", {"value": VALUE}, 404),
        ("/v1/secrets/TOKEN", {"value": "abc"}, 422),
        ("/v1/secrets/TOKEN", {"value": VALUE, "hosts": ["https://slack.com"]}, 422),
        ("/v1/secrets/TOKEN", {"value": VALUE, "hosts": [""]}, 422),
        ("/v1/secrets/TOKEN", {"value": VALUE, "hosts": ["*"]}, 422),
        ("/v1/secrets/TOKEN", {"value": VALUE, "hosts": ["a.b"] * 21}, 422),
    ],
)
async def test_an_error_never_says_the_value(admin: httpx2.AsyncClient, url: str, body: object, status: int):
    answer = await admin.put(url, json=body)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert VALUE not in answer.text
    assert "s3cr3t" not in answer.text


async def test_a_secret_is_bound_to_hosts(admin: httpx2.AsyncClient):
    made = await admin.put("/v1/secrets/TOKEN", json={"value": VALUE, "hosts": ["Slack.com", "*.slack.com"]})
    listed = await admin.get("/v1/secrets")

    assert made.status_code == 201
    assert listed.json()["items"][0]["hosts"] == ["*.slack.com", "slack.com"]


async def test_a_body_that_is_not_json_is_not_said_either(admin: httpx2.AsyncClient):
    answer = await admin.put(
        "/v1/secrets/TOKEN", content=f'{{"value": "{VALUE}'.encode(), headers={"content-type": "application/json"}
    )

    assert answer.status_code == 400
    assert "s3cr3t" not in answer.text


@pytest.mark.parametrize("key", ["changeme", "c2VjcmV0", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="])
async def test_a_server_does_not_start_with_a_key_that_can_be_guessed(tmp_path: Path, key: str):
    with pytest.raises(Refused) as refused:
        async with open_server(Settings(data=tmp_path, secret_key=Hidden(key))):
            pass

    assert refused.value.code == "insecure"
    assert key not in f"{refused.value} {refused.value.hint} {Settings(secret_key=Hidden(key))}"


async def test_who_set_it_is_written_down_without_the_value(admin: httpx2.AsyncClient, server: Server):
    await admin.put("/v1/secrets/TOKEN", json={"value": VALUE})
    await admin.delete("/v1/secrets/TOKEN")

    async with server.platform.store.read() as tx:
        told = (await tx.audit.list("default")).items
    assert [entry.action for entry in told][:2] == ["secrets.delete", "secrets.set"]
    assert VALUE not in repr(told)
    assert EVERYTHING not in repr(told)
