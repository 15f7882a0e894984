"""Webhooks over HTTP: added, changed, tried, rotated, removed; what was sent is looked at and sent again."""

import asyncio
from collections.abc import AsyncGenerator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import httpx2
import pytest

from service.receiver import Receiver, receiving
from tenuto.bootstrap.server import Server
from tenuto.service import relay, sending
from tenuto.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", http_allow=(ip_network("127.0.0.1/32"),))


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
async def working(server: Server) -> AsyncGenerator[None]:
    stop = asyncio.Event()
    workers = [asyncio.create_task(drive(server.platform, stop)) for drive in (relay.drive, sending.drive)]
    yield
    stop.set()
    await asyncio.gather(*workers)


async def made(admin: httpx2.AsyncClient, url: str, **more: Any) -> dict[str, Any]:
    answer = await admin.post("/v1/webhooks", json={"url": url, "types": ["run.*", "order.created"], **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_webhook_is_added_shown_changed_and_removed(admin: httpx2.AsyncClient) -> None:
    hook = await made(admin, "https://example.com/in", labels={"team": "ops"})
    path = f"/v1/webhooks/{hook['id']}"

    changed = await admin.patch(path, json={"active": False, "types": ["run.failed"]})
    listed = (await admin.get("/v1/webhooks")).json()["items"]
    removed = await admin.delete(path)

    assert hook["secret"].startswith("whsec_")
    assert changed.json() == listed[0]
    assert (changed.json()["types"], changed.json()["labels"]) == (["run.failed"], {"team": "ops"})
    assert "secret" not in listed[0]
    assert removed.status_code == 204
    assert (await admin.get(path)).status_code == 404
    actions = [each["action"] for each in (await admin.get("/v1/audit")).json()["items"]]
    assert {"webhooks.create", "webhooks.change", "webhooks.delete"} <= set(actions)


@pytest.mark.usefixtures("working")
async def test_a_run_that_ends_is_sent_and_the_delivery_is_shown_and_sent_again(
    admin: httpx2.AsyncClient, receiver: Receiver
) -> None:
    receiver.always = (200, {}, b"thank you")
    hook = await made(admin, receiver.url, types=["run.succeeded"])
    document = {"flow": "work", "nodes": {"a": {"use": "set", "with": {"value": 1}}}}
    run = (await admin.post("/v1/runs?wait=10", json={"document": document})).json()
    (came,) = await receiver.until(1)
    path = f"/v1/webhooks/{hook['id']}/deliveries"
    async with asyncio.timeout(5):
        delivered = {"status": "delivered"}
        while not (found := (await admin.get(path, params=delivered)).json()["items"]):  # noqa: ASYNC110  noted a moment later
            await asyncio.sleep(0.01)

    again = await admin.post(f"{path}/{found[0]['id']}/redeliver")
    _, second = await receiver.until(2)

    assert came.signed_with(hook["secret"])
    assert came.event["correlationId"] == run["id"]
    assert (found[0]["status_code"], found[0]["response"]) == (200, "thank you")
    assert (again.status_code, again.json()["status"], second.id) == (202, "pending", came.id)


async def test_a_trial_says_what_the_receiver_answered(admin: httpx2.AsyncClient, receiver: Receiver) -> None:
    receiver.always = (418, {}, b"short and stout")
    hook = await made(admin, receiver.url)

    tried = (await admin.post(f"/v1/webhooks/{hook['id']}/test")).json()

    assert (tried["status"], tried["status_code"], tried["response"]) == ("dead", 418, "short and stout")


async def test_a_rotation_shows_another_secret_and_until_when_the_one_before_signs(admin: httpx2.AsyncClient) -> None:
    hook = await made(admin, "https://example.com/in")

    kept = await admin.post(f"/v1/webhooks/{hook['id']}/rotate")
    cut = await admin.post(f"/v1/webhooks/{hook['id']}/rotate", json={"overlap": 0})

    assert len({hook["secret"], kept.json()["secret"], cut.json()["secret"]}) == 3
    assert kept.json()["previous_secret_until"] is not None
    assert cut.json()["previous_secret_until"] is None


async def test_secrets_of_webhooks_are_no_secrets_of_flows(admin: httpx2.AsyncClient) -> None:
    hook = await made(admin, "https://example.com/in")

    assert (await admin.get("/v1/secrets")).json()["items"] == []
    assert (await admin.get("/v1/secrets", params={"stage": "!house"})).status_code == 404
    assert (await admin.delete(f"/v1/secrets/{hook['id']}", params={"stage": "!house"})).status_code in {404, 422}


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "http://10.0.0.1/"},
        {"types": ["run.finished"]},
        {"types": []},
        {"labels": {"a": 1}},
        {"active": "perhaps"},
        {"secret": "whsec_mine"},
    ],
)
async def test_what_cannot_be_a_webhook_is_422(admin: httpx2.AsyncClient, wrong: dict[str, Any]) -> None:
    body = {"url": "https://example.com", "types": ["run.failed"], **wrong}

    assert (await admin.post("/v1/webhooks", json=body)).status_code == 422
