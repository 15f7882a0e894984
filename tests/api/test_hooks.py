"""Requests from outside over HTTP: which route, how large, who sent it, and what is answered."""

import hashlib
import hmac
import json
from typing import Any

import httpx2
import pytest

from tenuto.api import hooks
from tenuto.bootstrap.server import Server
from tenuto.service.hooks import RESERVED

ECHO = """
flow: echo
triggers:
  - http: {path: "/echo", auth: none, respond: result}
  - http: {path: "/echo/{rest:path}", auth: none, respond: result}
  - http: {path: "/echo", method: GET, auth: none, respond: result}
nodes: {a: {use: set, with: {value: "${trigger}"}}}
output: "${a}"
"""
COUNTED = """
flow: counted
input: {number: integer, gift: boolean, note: {type: string, default: ""}}
nodes: {all: {use: set, with: {value: "${input}"}}}
output: ${all}
triggers: [{http: {method: POST, path: "/counted/{number}", auth: none, respond: result}}]
"""
ORDERS = """
flow: orders
input: {id: integer, total: {type: number, default: 0}}
triggers:
  - http: {path: "/orders/{id:int}"}
  - http: {path: "/shop/{id:int}", auth: none, key: "${trigger.headers['x-id'] ?? null}"}
  - http: {path: "/fails/{id:int}", auth: none, respond: result, method: PUT}
nodes: {a: {use: debug.fail, when: "${trigger.method == 'PUT'}", with: {message: "inside"}}}
"""
SIGNED = """
flow: signed
triggers: [{http: {path: /signed, auth: {signature: github, secret: HOOK}}}]
nodes: {a: {use: set, with: {value: "${trigger.body}"}}}
"""


# Content, its type, and what it is read as; or the status of the refusal.
BODIES = [
    (b'{"a": [1, 2.5, null]}', "application/json", {"a": [1, 2.5, None]}),
    (b'{"a": 1}', "application/vnd.github+json; charset=utf-8", {"a": 1}),
    (b"[1]", "application/json", [1]),
    (b'"text"', "application/json", "text"),
    (b"a=1&b=x%20y&a=2&c=", "application/x-www-form-urlencoded", {"a": ["1", "2"], "b": "x y", "c": ""}),
    ("grüß".encode(), "text/plain", "grüß"),
    ("grüß".encode("latin-1"), "text/plain; charset=iso-8859-1", "grüß"),
    (b"", "application/octet-stream", None),
]
NO_BODIES = [
    (b"{", "application/json", 400),
    (b'{"a": NaN}', "application/json", 400),
    (b"[" * 300 + b"]" * 300, "application/json", 400),
    (b"\xff", "application/json", 400),
    (b"\xff", "text/plain", 400),
    (b"a\0b", "text/plain", 400),
    (b"a=%FF", "application/x-www-form-urlencoded", 400),
    (b"&".join([b"a=1"] * 1_001), "application/x-www-form-urlencoded", 400),
    (b"x", "text/plain; charset=utf-16", 415),
    (b"x", "multipart/form-data; boundary=x", 415),
    (b"x", "image/png", 415),
]
# As it is sent, and what the parameter is.
PATHS = [
    ("/echo/a/b", "a/b"),
    ("/echo/a%2Fb/c", "a/b/c"),
    ("/echo/%C3%A4", "ä"),
    ("/echo/a%3Fb", "a?b"),
    ("/echo/a/?q=1", "a"),
]


async def publish(admin: httpx2.AsyncClient, document: str, stage: str = "dev") -> None:
    saved = await admin.post("/v1/flows", content=document, headers={"content-type": "application/yaml"})
    assert saved.status_code in {200, 201}, saved.text
    published = await admin.put(
        f"/v1/flows/{saved.json()['name']}/stages/{stage}", json={"version": saved.json()["version"]}
    )
    assert published.status_code == 200, published.text


@pytest.fixture
async def house(admin: httpx2.AsyncClient, server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """With the flows above published."""
    monkeypatch.setenv("TENUTO_SECRET_HOOK", "s3cret")
    for document in (ECHO, COUNTED, ORDERS, SIGNED):
        await publish(admin, document)
    return server


async def echoed(client: httpx2.AsyncClient, method: str = "POST", url: str = "/echo", **more: Any) -> Any:
    answer = await client.request(method, f"/hooks/default/dev{url}", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


class TestTexts:
    async def test_what_comes_as_text_is_read_as_the_input_declares_it(
        self, house: Server, anonymous: httpx2.AsyncClient
    ):
        """A path and a form hold text alone; a string stays what it is."""
        said = await echoed(anonymous, url="/counted/7", data={"gift": "true", "note": "12"})

        assert said == {"number": 7, "gift": True, "note": "12"}

    async def test_what_json_calls_a_text_is_one(self, house: Server, anonymous: httpx2.AsyncClient):
        """Whoever can say a number shall."""
        refused = await anonymous.post("/hooks/default/dev/counted/7", json={"gift": "true"})

        assert refused.status_code == 422

    async def test_a_text_that_is_no_number_is_refused(self, house: Server, anonymous: httpx2.AsyncClient):
        """It says which."""
        refused = await anonymous.post("/hooks/default/dev/counted/seven", data={"gift": "true"})

        assert refused.status_code == 422
        assert refused.json()["problems"][0]["path"] == "input.number"


class TestAnswers:
    async def test_accepted_says_which_run(
        self, house: Server, anonymous: httpx2.AsyncClient, admin: httpx2.AsyncClient
    ):
        answer = await anonymous.post("/hooks/default/dev/shop/5", json={"total": 2.5})

        assert answer.status_code == 202
        assert answer.json().keys() == {"id", "name", "status"}
        assert answer.headers["location"] == f"/v1/runs/{answer.json()['id']}"
        begun = await house.platform.archive.within("default").find(answer.json()["name"])
        assert begun.flow == "orders"

    async def test_result_is_the_output(self, house: Server, anonymous: httpx2.AsyncClient):
        said = await echoed(anonymous, json={"a": 1})

        assert (said["body"], said["method"], said["path"], said["params"]) == ({"a": 1}, "POST", "/echo", {})

    async def test_a_result_that_takes_long_is_followed_elsewhere(
        self, house: Server, anonymous: httpx2.AsyncClient, admin: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(hooks, "LONGEST_WAIT", 0.1)
        waits = "flow: waits\ntriggers: [{http: {path: /waits, auth: none, respond: result}}]\nnodes: {a: {use: wait, with: {for: 1h}}}"
        await publish(admin, waits)

        answer = await anonymous.post("/hooks/default/dev/waits")

        assert answer.status_code == 202
        assert answer.headers["location"] == f"/v1/runs/{answer.json()['id']}"

    async def test_a_run_that_fails_does_not_say_why_to_the_sender(self, house: Server, anonymous: httpx2.AsyncClient):
        answer = await anonymous.put("/hooks/default/dev/fails/5")

        assert (answer.status_code, answer.json()["code"]) == (500, "run_failed")
        assert "inside" not in answer.text.replace("inside the", "")

    async def test_what_does_not_fit_is_listed(self, house: Server, anonymous: httpx2.AsyncClient):
        answer = await anonymous.post("/hooks/default/dev/shop/5", json={"total": "x", "more": 1})

        assert answer.status_code == 422
        assert {problem["path"] for problem in answer.json()["problems"]} == {"input.total", "input.more"}

    async def test_the_same_key_again_is_200_and_the_same_run(self, house: Server, anonymous: httpx2.AsyncClient):
        answers = [await anonymous.post("/hooks/default/dev/shop/5", headers={"x-id": "7"}) for _ in range(2)]

        assert [answer.status_code for answer in answers] == [202, 200]
        assert answers[0].json()["id"] == answers[1].json()["id"]


class TestRoutes:
    @pytest.mark.parametrize(
        "url",
        [
            "/hooks/default/dev/nowhere",
            "/hooks/default/prod/echo",
            "/hooks/nobody/dev/echo",
            "/hooks/default/dev/orders/x",
        ],
    )
    async def test_what_is_not_there(self, house: Server, anonymous: httpx2.AsyncClient, url: str):
        answer = await anonymous.post(url)

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize(
        ("method", "url", "allow"),
        [
            ("GET", "/shop/5", "POST"),
            ("HEAD", "/echo", "GET, POST"),
            ("OPTIONS", "/echo", "GET, POST"),
            ("DELETE", "/fails/1", "PUT"),
        ],
    )
    async def test_another_method_triggers_nothing_and_is_told_which_do(
        self, house: Server, anonymous: httpx2.AsyncClient, method: str, url: str, allow: str
    ):
        """SECURITY 69: HEAD least of all, though GET does."""
        answer = await anonymous.request(method, f"/hooks/default/dev{url}")

        assert (answer.status_code, answer.headers["allow"]) == (405, allow)

    async def test_a_path_is_cut_before_it_is_decoded(self, house: Server, anonymous: httpx2.AsyncClient):
        for url, rest in PATHS:
            assert (await echoed(anonymous, url=url))["params"] == {"rest": rest}

    async def test_a_slash_inside_a_parameter_is_no_other_route(self, house: Server, anonymous: httpx2.AsyncClient):
        answer = await anonymous.post("/hooks/default/dev/shop%2F5")

        assert answer.status_code == 404

    @pytest.mark.parametrize("url", ["/echo/%00", "/echo/%FF", "/echo/%0A"])
    async def test_what_is_no_text_is_refused(self, house: Server, anonymous: httpx2.AsyncClient, url: str):
        assert (await anonymous.post(f"/hooks/default/dev{url}")).status_code == 400

    async def test_what_is_unpublished_is_gone(
        self, house: Server, anonymous: httpx2.AsyncClient, admin: httpx2.AsyncClient
    ):
        assert (await admin.delete("/v1/flows/echo/stages/dev")).status_code in {200, 204}

        assert (await anonymous.post("/hooks/default/dev/echo")).status_code == 404

    async def test_two_flows_cannot_take_one_route(self, house: Server, admin: httpx2.AsyncClient):
        other = ECHO.replace("flow: echo", "flow: other")
        saved = await admin.post("/v1/flows", content=other, headers={"content-type": "application/yaml"})

        answer = await admin.put("/v1/flows/other/stages/dev", json={"version": saved.json()["version"]})

        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert "`echo` takes" in answer.json()["detail"]


class TestBodies:
    async def test_are_read_as_their_type_says(self, house: Server, anonymous: httpx2.AsyncClient):
        for content, kind, body in BODIES:
            assert (await echoed(anonymous, content=content, headers={"content-type": kind}))["body"] == body

    async def test_a_get_has_its_query(self, house: Server, anonymous: httpx2.AsyncClient):
        said = await echoed(anonymous, "GET", "/echo?a=1&b=2&a=3")

        assert (said["query"], said["body"]) == ({"a": ["1", "3"], "b": "2"}, None)

    async def test_what_is_not_what_it_says_is_refused(self, house: Server, anonymous: httpx2.AsyncClient):
        for content, kind, status in NO_BODIES:
            answer = await anonymous.post("/hooks/default/dev/echo", content=content, headers={"content-type": kind})

            assert answer.status_code == status, (content[:20], kind)

    @pytest.mark.parametrize("announced", [True, False])
    async def test_one_that_is_too_large_is_refused_before_anybody_looks_who_sent_it(
        self, house: Server, anonymous: httpx2.AsyncClient, announced: bool
    ):
        """SECURITY 68."""
        large = b"x" * (hooks.LARGEST + 1)

        async def in_pieces():
            for at in range(0, len(large), 100_000):
                yield large[at : at + 100_000]

        answer = await anonymous.post("/hooks/default/dev/signed", content=large if announced else in_pieces())

        assert answer.status_code == 413

    @pytest.mark.parametrize("name", sorted(RESERVED))
    async def test_shapes_of_ours_are_refused(self, house: Server, anonymous: httpx2.AsyncClient, name: str):
        """SECURITY 71: a stranger who writes what a file looks like inside gets no file."""
        answer = await anonymous.post("/hooks/default/dev/echo", json={"a": [{name: "x", "name": "y"}]})

        assert (answer.status_code, answer.json()["problems"][0]["code"]) == (422, "reserved")


class TestWhoMay:
    async def test_a_key_that_may_start_runs_of_that_tenant(
        self, house: Server, anonymous: httpx2.AsyncClient, admin: httpx2.AsyncClient
    ):
        url = "/hooks/default/dev/orders/5"

        assert (await anonymous.post(url)).status_code == 401
        assert (await anonymous.post(url, headers={"x-api-key": "nonsense"})).status_code == 401
        assert (await admin.post(url)).status_code == 202

    async def test_who_is_refused_is_written_down(
        self, house: Server, anonymous: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
    ):
        """SECURITY 102."""
        written: list[Any] = []

        async def report(attempt: Any) -> None:
            written.append(attempt)

        monkeypatch.setattr(house.platform.gate, "report", report)

        await anonymous.post("/hooks/default/dev/signed", json={})

        assert [(each.act, each.where, each.client) for each in written] == [
            ("hooks.refused", "POST /hooks/default/dev/signed", "127.0.0.1")
        ]

    async def test_a_key_of_another_tenant_finds_nothing(
        self, house: Server, anonymous: httpx2.AsyncClient, admin: httpx2.AsyncClient
    ):
        tenant = (await admin.post("/v1/tenants", json={"name": "other"})).json()["id"]
        made = await admin.post(
            "/v1/keys", json={"name": "k", "permissions": ["runs:write"]}, headers={"X-Tenant-Id": tenant}
        )
        assert made.status_code == 201, made.text

        for more in ({}, {"X-Tenant-Id": tenant}):
            answer = await anonymous.post(
                "/hooks/default/dev/orders/5", headers={"x-api-key": made.json()["key"], **more}
            )
            assert answer.status_code == 404

    async def test_a_signature(self, house: Server, anonymous: httpx2.AsyncClient):
        body = json.dumps({"zen": "ä"}, ensure_ascii=False).encode()
        digest = hmac.new(b"s3cret", body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-hub-signature-256": f"sha256={digest}",
            "x-github-delivery": "1",
        }

        answers = [await anonymous.post("/hooks/default/dev/signed", content=body, headers=headers) for _ in range(2)]
        forged = await anonymous.post("/hooks/default/dev/signed", content=body + b" ", headers=headers)

        assert [answer.status_code for answer in answers] == [202, 200]
        assert answers[0].json()["id"] == answers[1].json()["id"]
        assert (forged.status_code, forged.json()["code"]) == (401, "unauthenticated")

    @pytest.mark.parametrize(("hops", "status"), [("8", 200), ("9", 508), ("-1", 508), ("many", 508), ("9999", 508)])
    async def test_a_chain_of_runs_comes_to_an_end(
        self, house: Server, anonymous: httpx2.AsyncClient, hops: str, status: int
    ):
        answer = await anonymous.post("/hooks/default/dev/echo", headers={"Tenuto-Hop": hops})

        assert answer.status_code == status


@pytest.mark.parametrize(("hops", "status"), [("8", 201), ("9", 508)])
async def test_a_run_that_a_run_starts_over_the_api_counts_as_well(
    house: Server, admin: httpx2.AsyncClient, hops: str, status: int
):
    answer = await admin.post("/v1/runs", json={"flow": "signed"}, headers={"Tenuto-Hop": hops})

    assert answer.status_code == status
    if status == 201:
        facts = await house.platform.archive.facts(answer.json()["id"])
        assert getattr(facts[0][1], "trigger", None) == {"hops": 8}
