"""Whatever goes wrong, the answer is a problem that a program and a person can read."""

import ast
import http
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import BaseModel

import tenuto
from api.frame import asking, frame
from tenuto.api.bodies import DEPTH
from tenuto.api.errors import STATUS
from tenuto.api.routing import Router
from tenuto.core.problems import Problem
from tenuto.ports.journal import Closed, DiskFailed, StorageFull
from tenuto.ports.records import Unavailable
from tenuto.service.refusals import Invalid, Refused

SOURCES = Path(tenuto.__file__).parent

TROUBLES: dict[str, tuple[Exception, int, str]] = {
    "unknown": (Refused("not_found", "there is no run `x`", "look in the list"), 404, "not_found"),
    "ended": (Refused("ended", "it has ended"), 409, "ended"),
    "nobody": (Refused("unauthenticated", "who are you?"), 401, "unauthenticated"),
    "queued": (Refused("quota", "3 runs of this tenant are queued"), 429, "quota"),
    "full": (StorageFull("the disk is full"), 503, "storage_full"),
    "failed": (DiskFailed("fsync at /secret/place"), 503, "storage_failed"),
    "stopping": (Closed("closed"), 503, "stopping"),
    "database": (Unavailable("connection to 10.0.0.1 lost"), 503, "unavailable"),
    "surprise": (KeyError("password=hunter2"), 500, "internal"),
}


class Thing(BaseModel):
    name: str
    value: Any = None


router = Router()


@router.get("/trouble/{name}")
async def trouble(name: str) -> None:
    raise TROUBLES[name][0]


@router.get("/wrong")
async def wrong() -> None:
    raise Invalid("the flow has problems", [Problem("nodes.a", "unknown_node", "there is no `b`", "did you mean `c`?")])


@router.post("/things")
async def things(thing: Thing) -> str:
    return thing.name


@pytest.fixture
async def client():
    async with asking(frame(router)) as client:
        yield client


@pytest.mark.parametrize("name", TROUBLES)
async def test_a_trouble_has_its_status_and_code(client: httpx2.AsyncClient, name: str):
    """And the same request id in the body as in the header."""
    _, status, code = TROUBLES[name]

    answer = await client.get(f"/trouble/{name}")

    said = answer.json()
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert said["code"] == code
    assert said["status"] == status
    assert said["type"] == f"urn:tenuto:problem:{code}"
    assert said["request_id"] == answer.headers["x-request-id"]
    if status == 429 or name in {"full", "stopping", "database"}:
        assert int(answer.headers["retry-after"]) > 0


@pytest.mark.parametrize("name", ["failed", "database", "surprise"])
async def test_nothing_of_the_inside_is_told(client: httpx2.AsyncClient, name: str):
    """Paths, addresses and values stay in the log."""
    answer = await client.get(f"/trouble/{name}")

    assert str(TROUBLES[name][0].args[0]) not in answer.text


async def test_a_refusal_says_what_to_do_next(client: httpx2.AsyncClient):
    """The hint follows what happened."""
    answer = await client.get("/trouble/unknown")

    assert answer.json()["detail"] == "there is no run `x`: look in the list"


async def test_problems_are_listed(client: httpx2.AsyncClient):
    """Each with its path, code, message and hint."""
    answer = await client.get("/wrong")

    assert answer.status_code == 422
    assert answer.json()["problems"] == [
        {
            "path": "nodes.a",
            "code": "unknown_node",
            "message": "there is no `b`",
            "hint": "did you mean `c`?",
            "severity": "error",
        }
    ]


async def test_a_body_that_does_not_fit_is_not_sent_back(client: httpx2.AsyncClient):
    """It may hold a secret."""
    answer = await client.post("/things", json={"nam": "hunter2"})

    assert answer.status_code == 422
    assert answer.json()["problems"][0]["path"] == "body.name"
    assert "hunter2" not in answer.text
    assert answer.json()["detail"].endswith("body.name: this is needed")


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"name": NaN}',
        b'{"name": "\\ud800"}',
        b'{"name": "\xff"}',
        b'{"name": "a", "value": 9223372036854775808}',
        b'{"name": "a", "value": ' + b"[" * (DEPTH + 1) + b"]" * (DEPTH + 1) + b"}",
        b"[" * 100_000,
    ],
)
async def test_what_is_no_json_of_ours_is_malformed(client: httpx2.AsyncClient, body: bytes):
    """NaN, half a surrogate pair, broken UTF-8, more than 64 bits, deeper than a value may be."""
    answer = await client.post("/things", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == "malformed"


async def test_values_at_the_limits_are_taken(client: httpx2.AsyncClient):
    """The largest number and the deepest value that may be."""
    body = b'{"name": "a", "value": [-9223372036854775808, ' + b"[" * (DEPTH - 2) + b"]" * (DEPTH - 2) + b"]}"

    answer = await client.post("/things", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 200, answer.text


async def test_an_unknown_route_says_where_to_look(client: httpx2.AsyncClient):
    """404 with a sentence."""
    answer = await client.get("/nowhere")

    assert answer.status_code == 404
    assert "/nowhere" in answer.json()["detail"]


async def test_a_wrong_method_says_which_are_right(client: httpx2.AsyncClient):
    """405 with `Allow`."""
    answer = await client.delete("/things")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    assert answer.json()["code"] == "method_not_allowed"


async def test_a_wrong_method_is_told_what_all_routes_of_the_path_take():
    """Reading and starting are two routes at one path."""
    async with asking(frame()) as client:
        answer = await client.put("/v1/runs", json={})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("given", ["abc-1", "A.b_c-9" * 9])
async def test_a_decent_request_id_is_kept(client: httpx2.AsyncClient, given: str):
    """So that a caller finds its request in our log."""
    answer = await client.get("/health/live", headers={"X-Request-Id": given})

    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\x1b[31m", "ä"])
async def test_any_other_request_id_is_replaced(client: httpx2.AsyncClient, given: str):
    """It would stand in headers and logs."""
    answer = await client.get("/health/live", headers=[(b"x-request-id", given.encode())])

    assert answer.headers["x-request-id"] != given
    assert len(answer.headers["x-request-id"]) == 24


def refusals() -> set[str]:
    """Every code with which a use case, a port or a host refuses, found in the sources."""
    codes: set[str] = set()
    for folder in ("service", "ports", "hosts", "stores", "bus", "api"):
        for file in (SOURCES / folder).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text())):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Refused":
                    codes |= {str(code.value) for code in call.args[:1] if isinstance(code, ast.Constant)}
    return codes


def test_every_refusal_has_a_status():
    """Or it would be a 409 by accident."""
    assert len(refusals()) > 10
    assert refusals() - STATUS.keys() == set()
    assert all(http.HTTPStatus(status) >= 400 for status in STATUS.values())
