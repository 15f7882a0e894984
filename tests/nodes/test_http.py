"""`http.request` asks, judges the status, and gives the body as what it is."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest

from sdk.http.server import LOOPBACK, Seen, Server, http
from tenuto.sdk import NodeError, Registry
from tenuto.sdk.http import HttpClient
from tenuto.testing.check_node import try_node
from tenuto.testing.context import FakeContext, MemoryFiles

REQUEST = Registry()["http.request"]


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server of our own."""
    running = Server()
    running.start()
    yield running
    running.stop()


def run(ctx: FakeContext | None = None, **given: Any) -> Any:
    return asyncio.run(try_node(REQUEST, given, ctx or FakeContext(http=HttpClient(LOOPBACK)))).value


class TestTheAnswer:
    def test_it_has_status_headers_and_body(self, server: Server) -> None:
        """JSON arrives parsed."""
        server.routes["/a"] = lambda _: http(body=b'{"n": 1}', content_type="application/problem+json")

        answer = run(url=server.url("/a"))

        assert (answer["status"], answer["body"]) == (200, {"n": 1})
        assert answer["headers"]["content-type"] == "application/problem+json"

    @pytest.mark.parametrize(
        ("media_type", "body"), [("text/html; charset=utf-8", "<b>ü</b>"), ("application/xml", "<a/>"), ("", "bare")]
    )
    def test_text_is_text(self, server: Server, media_type: str, body: str) -> None:
        """Also where nothing says what it is."""
        server.routes["/"] = lambda _: http(body=body.encode(), content_type=media_type)

        assert run(url=server.url())["body"] == body

    def test_an_empty_body_is_null(self, server: Server) -> None:
        """Also where the type says JSON."""
        server.routes["/"] = lambda _: http("204 No Content", content_type="application/json")

        assert run(url=server.url())["body"] is None

    def test_anything_else_is_a_file(self, server: Server) -> None:
        """SEMANTICS 32: content travels by reference."""
        server.routes["/pictures/cat.png"] = lambda _: http(body=b"\x89PNG\xff", content_type="image/png")
        ctx = FakeContext(http=HttpClient(LOOPBACK))

        file = run(ctx, url=server.url("/pictures/cat.png?big=1"))["body"]

        assert (file["name"], file["media_type"], file["size"]) == ("cat.png", "image/png", 5)
        assert ctx.files.contents[file["$file"]] == b"\x89PNG\xff"

    @pytest.mark.parametrize("body", [b"{", b"NaN", b"[" * 100_000, b"\xff"])
    def test_json_that_is_none_is_an_error(self, server: Server, body: bytes) -> None:
        """The server said that it was JSON."""
        server.routes["/"] = lambda _: http(body=body, content_type="application/json")

        with pytest.raises(NodeError, match="a body that is no JSON") as caught:
            run(url=server.url())
        assert (caught.value.type, caught.value.retry) == ("http", False)

    def test_numbers_that_no_journal_keeps_are_an_output_error(self, server: Server) -> None:
        """The edge of the node refuses them."""
        server.routes["/"] = lambda _: http(body=b"[1e999, 99999999999999999999]", content_type="application/json")

        with pytest.raises(NodeError, match=r"output\.body\[0\] is inf") as caught:
            run(url=server.url())
        assert caught.value.type == "output"


class TestTheRequest:
    def test_json_text_and_files_are_sent_as_what_they_are(self, server: Server) -> None:
        """An object is JSON, text is text, a reference is its content."""
        server.routes["/"] = lambda _: http()
        files = MemoryFiles()
        file = asyncio.run(files.put(b"\x00\x01", media_type="image/png"))

        for body in ({"a": [1]}, "hello", 3, file):
            ctx = FakeContext(http=HttpClient(LOOPBACK))
            ctx.files = files
            run(ctx, url=server.url(), method="post", body=body)

        assert [(seen.body, seen.headers["content-type"]) for seen in server.seen] == [
            (b'{"a":[1]}', "application/json"),
            (b"hello", "text/plain; charset=utf-8"),
            (b"3", "application/json"),
            (b"\x00\x01", "image/png"),
        ]

    def test_headers_query_and_key_go_along(self, server: Server) -> None:
        """SEMANTICS 23: the idempotency key is the node's."""
        server.routes["/"] = lambda _: http()

        run(url=server.url(), method="POST", headers={"X-A": 1, "X-B": True}, query={"q": ["a", "b"], "none": None})

        seen: Seen = server.seen[0]
        assert (seen.path, seen.headers["x-a"], seen.headers["x-b"]) == ("/?q=a&q=b", "1", "true")
        assert seen.headers["idempotency-key"] == "test-run/node"
        assert seen.headers["content-length"] == "0"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({}, "`url` is missing"),
            ({"url": "ftp://x/"}, "begins with `ftp:`"),
            ({"url": "http://x/", "timeout": 0}, "above 0"),
            ({"url": "http://x/", "timeout": 601}, "at most 600"),
            ({"url": "http://x/", "redirects": 6}, "from 0 to 5"),
            ({"url": "http://x/", "method": "CONNECT"}, "is no method"),
            ({"url": "http://x/", "headers": {"A": "1\r\nB: 2"}}, "line break"),
            ({"url": "http://x/", "headers": {"A": [1]}}, "`headers.A.str`"),
            ({"url": "http://x/", "query": {"a": {"b": 1}}}, "`query`"),
        ],
    )
    def test_what_makes_no_request_is_an_input_error(self, given: dict[str, Any], said: str) -> None:
        """SEMANTICS 20: never retried."""
        with pytest.raises(NodeError) as caught:
            run(**given)

        assert said in caught.value.message
        assert (caught.value.type, caught.value.retry) == ("input", False)


class TestTheStatus:
    def test_from_400_on_it_fails_the_node(self, server: Server) -> None:
        """SEMANTICS 20: with what the server said."""
        server.routes["/"] = lambda _: http(
            "422 No", json.dumps({"error": "bad"}).encode(), content_type="application/json"
        )

        with pytest.raises(NodeError, match=r'answered 422 .*: \{"error": "bad"\}') as caught:
            run(url=server.url())
        assert (caught.value.type, caught.value.retry) == ("http", False)

    def test_unless_ok_names_it(self, server: Server) -> None:
        """SEMANTICS 20: then it is an answer like any other."""
        server.routes["/"] = lambda _: http("404 Not Found", b"gone", content_type="text/plain")

        answer = run(url=server.url(), ok=[404])

        assert run(url=server.url(), ok=404) == answer
        assert (answer["status"], answer["body"]) == (404, "gone")

    def test_retry_after_is_handed_on(self, server: Server) -> None:
        """SEMANTICS 20: the host waits at least so long."""
        server.routes["/"] = lambda _: http("429 Slow", retry_after="12")

        with pytest.raises(NodeError) as caught:
            run(url=server.url())
        assert (caught.value.retry, caught.value.retry_after) == (True, 12)

    def test_inner_addresses_are_refused(self, server: Server) -> None:
        """Without TENUTO_HTTP_ALLOW a flow reaches public addresses only."""
        with pytest.raises(NodeError, match="TENUTO_HTTP_ALLOW names") as caught:
            run(FakeContext(), url=server.url())
        assert (caught.value.type, caught.value.retry) == ("permission", False)
