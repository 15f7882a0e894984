"""`http:NAME`: services asked by HTTP, on behalf of a tenant."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from sdk.http.server import LOOPBACK, Server, http
from tenuto.ports.secrets import BoundSecret
from tenuto.sdk import NodeError
from tenuto.sdk.http import HttpClient
from tenuto.service.tools.http import HttpTool, HttpTools, filled
from tenuto.service.tools.services import Service, WrongService, built_in, read_service, service_json
from tenuto.testing.context import FakeContext

TOKEN = "t0k3n-of-the-shop"


@dataclass
class FewSecrets:
    values: dict[str, str] = field(default_factory=dict[str, str])

    async def get(self, name: str, *, tenant: str, stage: str) -> str:
        if name not in self.values:
            raise KeyError(f"there is no secret `{name}`")
        return self.values[name]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    running.start()
    yield running
    running.stop()


async def called(service: Service, arguments: dict[str, Any], **secrets: str) -> Any:
    tool = HttpTool(service, "acme", "dev", FewSecrets(secrets))
    return await tool.call(arguments, FakeContext(http=HttpClient(LOOPBACK)), "call:1")


class TestBuiltIn:
    async def test_documents_are_searched_at_the_knowledge_service(self, server: Server) -> None:
        """The tenant of the run goes along; whoever asks cannot name another."""
        server.routes["/v1/search"] = lambda _: http(body=b'{"hits": []}', content_type="application/json")
        search = built_in(server.url(""), None)[0]

        answer = await called(search, {"query": "otters", "X-Tenant-Id": "other"})

        seen = server.seen[-1]
        assert answer == {"hits": []}
        assert (seen.method, seen.headers["x-tenant-id"]) == ("POST", "acme")
        assert json.loads(seen.body)["query"] == "otters"

    async def test_an_issue_is_created_once(self, server: Server) -> None:
        """It carries a key by which the service drops repeats, and is not repeated in doubt."""
        server.routes["/v1/jira/issues"] = lambda _: http(body=b'{"key": "A-1"}', content_type="application/json")
        create = built_in(None, server.url(""))[0]

        answer = await called(create, {"project": "A", "summary": "Broken"})

        assert answer == {"key": "A-1"}
        assert create.effects == "once"
        assert server.seen[-1].headers["idempotency-key"] == "test-run/node/call:1"

    async def test_without_an_address_it_is_said_what_to_set(self) -> None:
        source = HttpTools({}, FewSecrets(), HttpClient())

        with pytest.raises(NodeError, match="set TENUTO_KNOWLEDGE_URL"):
            await source.find("search_documents", tenant="acme", stage="dev")
        assert await source.find("nothing", tenant="acme", stage="dev") == []


class TestCalling:
    async def test_what_stands_in_braces_is_filled_and_the_rest_is_the_query(self, server: Server) -> None:
        server.routes["/orders/a%2Fb"] = lambda _: http(body=b"fine")
        service = read_service("find", {"url": server.url("/orders/{id}"), "method": "get"})

        assert await called(service, {"id": "a/b", "full": True}) == "fine"
        assert server.seen[-1].path == "/orders/a%2Fb?full=true"

    @pytest.mark.parametrize("value", ["..", ".", "", None, {"a": 1}])
    async def test_what_fills_a_hole_stays_one_piece_of_the_path(self, value: Any) -> None:
        with pytest.raises(NodeError) as caught:
            filled("http://a.example.com/x/{id}", {"id": value})

        assert caught.value.type == "input"

    async def test_a_secret_goes_into_its_header_and_never_comes_back(self, server: Server) -> None:
        """Neither in an answer nor in an error: both are recorded."""
        server.routes["/echo"] = lambda seen: http(body=seen.headers["x-key"].encode())
        server.routes["/fail"] = lambda seen: http("500 Oh", body=seen.headers["x-key"].encode())
        table = {"secret": "shop", "header": "X-Key", "scheme": ""}

        answer = await called(read_service("a", {**table, "url": server.url("/echo")}), {}, shop=TOKEN)
        with pytest.raises(NodeError) as caught:
            await called(read_service("b", {**table, "url": server.url("/fail")}), {}, shop=TOKEN)

        assert answer == "[secret:shop]"
        assert TOKEN not in str(caught.value)
        assert "500" in str(caught.value)

    async def test_a_secret_for_other_hosts_is_not_sent(self, server: Server) -> None:
        service = read_service("a", {"url": server.url("/never"), "secret": "shop"})

        with pytest.raises(NodeError, match=r"may be sent to shop\.example\.com alone") as caught:
            await called(service, {}, shop=BoundSecret(TOKEN, ("shop.example.com",)))
        with pytest.raises(NodeError, match="there is no secret"):
            await called(service, {})
        assert caught.value.type == "permission"
        assert all(seen.path != "/never" for seen in server.seen)

    async def test_a_redirect_is_not_followed(self, server: Server) -> None:
        """What was registered is what is asked."""
        server.routes["/moved"] = lambda _: b"HTTP/1.1 302 Found\r\nLocation: /v1/search\r\nContent-Length: 0\r\n\r\n"

        assert await called(read_service("a", {"url": server.url("/moved"), "method": "GET"}), {}) is None
        assert server.seen[-1].path == "/moved"


class TestHosts:
    async def test_what_the_settings_name_is_reached_wherever_it_is(self, server: Server) -> None:
        """And nothing else inside, by the same client."""
        server.routes["/in"] = lambda _: http(body=b"inside")
        named = read_service("named", {"url": server.url("/in", host="localhost"), "method": "GET"})
        other = read_service("other", {"url": server.url("/in"), "method": "GET"})
        client = HttpClient(hosts=[named.address])
        context = FakeContext(http=HttpClient())

        answer = await HttpTool(named, "acme", "dev", FewSecrets(), client).call({}, context, "1")
        with pytest.raises(NodeError) as caught:
            await HttpTool(other, "acme", "dev", FewSecrets(), client).call({}, context, "2")
        with pytest.raises(NodeError):
            await HttpTool(named, "acme", "dev", FewSecrets()).call({}, context, "3")
        await client.aclose()

        assert answer == "inside"
        assert caught.value.type == "permission"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "a `url`"),
        ({"url": "ftp://a.example.com"}, "http:// or https://"),
        ({"url": "http://{host}/x"}, "whose host is fixed"),
        ({"url": "http://a.example.com", "methods": "GET"}, "`methods` of `a` is none of them"),
        ({"url": "http://a.example.com", "method": "TRACE"}, "for `method`"),
        ({"url": "http://a.example.com", "headers": {"x-tenant-id": "other"}}, "the tenant of the run"),
        ({"url": "http://a.example.com", "header": "X-Tenant-ID"}, "the tenant of the run"),
        ({"url": "http://a.example.com", "headers": {"A": "b\r\nC: d"}}, "line break"),
        ({"url": "http://a.example.com", "parameters": {"type": "string"}}, "of an object"),
        ({"url": "http://a.example.com", "parameters": {"type": "object", "required": 1}}, "a JSON Schema for"),
        ({"url": "http://a.example.com", "timeout": "1h"}, "at most 600"),
        ({"url": "http://a.example.com", "secret": "a b"}, "name of a secret"),
    ],
)
def test_a_wrong_definition_is_a_sentence(table: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongService, match=said):
        read_service("a", table)


def test_a_definition_is_stored_as_it_is_read() -> None:
    service = read_service("find_order", {"url": "http://a.example.com/{id}", "method": "get", "timeout": "2m"})
    stored = service_json(service)

    assert read_service(str(stored.pop("name")), stored) == service
    assert (service.effects, service.timeout) == ("idempotent", 120.0)
