"""The guarded client against a real server, and against everything that a hostile one or a hostile flow may try."""

import asyncio
import gzip
import random
import time
import zlib
from collections.abc import Iterator, Sequence
from email.utils import formatdate
from ipaddress import ip_network
from typing import Any

import httpcore2
import pytest

from tenuto.sdk import NodeError
from tenuto.sdk.http import HttpClient

from .server import LOOPBACK, Server, ask, http

MB = 1024 * 1024


@pytest.fixture(name="server")
def running_server() -> Iterator[Server]:
    """A web server of our own, stopped when the test is over."""
    running = Server()
    running.start()
    yield running
    running.stop()


def failure(method: str, url: str, **options: Any) -> NodeError:
    """The error that a request ends with."""
    with pytest.raises(NodeError) as caught:
        ask(method, url, **options)
    return caught.value


class TestAsking:
    def test_the_answer_has_status_headers_and_body(self, server: Server) -> None:
        """Names of headers are lower case; JSON is parsed on demand."""
        server.routes["/a"] = lambda _: http("201 Created", b'{"x": [1]}', content_type="application/json", x_one="1")

        answer = ask("GET", server.url("/a"), query={"q": "1"})

        assert (answer.status, answer.headers["x-one"], answer.json()) == (201, "1", {"x": [1]})
        assert server.seen[0].path == "/a?q=1"
        assert server.seen[0].headers["host"] == f"127.0.0.1:{server.port}"

    def test_json_and_text_bodies_say_what_they_are(self, server: Server) -> None:
        """A type that the caller gives stays."""
        server.routes["/"] = lambda _: http()

        ask("POST", server.url(), json={"ü": 1})
        ask("PUT", server.url(), content="plain")
        ask("POST", server.url(), json=None, headers={"content-type": "application/x-own"})

        assert [(seen.body.decode(), seen.headers["content-type"]) for seen in server.seen] == [
            ('{"ü":1}', "application/json"),
            ("plain", "text/plain; charset=utf-8"),
            ("null", "application/x-own"),
        ]

    def test_requests_that_change_something_carry_the_idempotency_key(self, server: Server) -> None:
        """SEMANTICS 23: the same key on every attempt. One that the caller gives stays; a GET needs none."""
        server.routes["/"] = lambda _: http()

        for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
            ask(method, server.url(), key="run/path")
        ask("POST", server.url(), key="run/path", headers={"Idempotency-Key": "mine"})

        sent = [seen.headers.get("idempotency-key") for seen in server.seen]
        assert sent == [None, None, "run/path", "run/path", "run/path", "run/path", "mine"]

    def test_every_request_says_how_many_runs_led_to_it(self, server: Server) -> None:
        """SECURITY 91: so a flow that starts itself over HTTP comes to an end. One that nothing led to is the first."""
        server.routes["/"] = lambda _: http()

        async def as_the_third() -> None:
            client = HttpClient(LOOPBACK)
            await client.view(hops=2).get(server.url())
            await client.aclose()

        ask("GET", server.url())
        asyncio.run(as_the_third())

        assert [seen.headers["tenuto-hop"] for seen in server.seen] == ["1", "3"]

    def test_packed_answers_are_unpacked(self, server: Server) -> None:
        """Gzip, several members of it, zlib and raw deflate."""
        raw = zlib.compressobj(wbits=-15)
        packed = {
            "/gzip": ("gzip", gzip.compress(b"hello")),
            "/members": ("gzip", gzip.compress(b"hel") + gzip.compress(b"lo")),
            "/zlib": ("deflate", zlib.compress(b"hello")),
            "/raw": ("deflate", raw.compress(b"hello") + raw.flush()),
            "/none": ("identity", b"hello"),
        }
        for path, (name, body) in packed.items():
            server.routes[path] = lambda _, name=name, body=body: http(body=body, content_encoding=name)

        assert [ask("GET", server.url(path)).text for path in packed] == ["hello"] * 5

    def test_a_connection_is_kept_and_used_again(self, server: Server) -> None:
        """Two requests of two nodes go over one client."""
        server.routes["/"] = lambda _: http()

        async def run() -> list[int]:
            client = HttpClient(LOOPBACK)
            statuses = [(await client.view(key).get(server.url())).status for key in ("a", "b")]
            await client.aclose()
            return statuses

        assert asyncio.run(run()) == [200, 200]

    def test_text_follows_its_charset(self, server: Server) -> None:
        """UTF-8 unless it says otherwise; a charset that nobody knows is UTF-8 as well."""
        server.routes["/latin"] = lambda _: http(
            body="ä".encode("latin-1"), content_type="text/plain; charset=iso-8859-1"
        )
        server.routes["/odd"] = lambda _: http(body="ä".encode(), content_type='text/plain; charset="what\0ever"')

        assert ask("GET", server.url("/latin")).text == "ä"


class TestWhatCannotBeAsked:
    @pytest.mark.parametrize(
        ("headers", "said"),
        [
            ({"X-A": "1\r\nX-B: 2"}, "line break"),
            ({"X-A": "1\nX-B: 2"}, "line break"),
            ({"X-A": "1\0"}, "line break"),
            ({"X-A": "✓"}, "cannot carry"),
            ({"X A": "1"}, "is no name of a header"),
            ({"X-A:": "1"}, "is no name of a header"),
            ({"X-A\r\nX-B": "1"}, "is no name of a header"),
            ({"": "1"}, "is no name of a header"),
            ({"Host": "inner"}, "set by the client"),
            ({"content-length": "5"}, "set by the client"),
            ({"Transfer-Encoding": "chunked"}, "set by the client"),
            ({"Connection": "upgrade"}, "set by the client"),
            ({"Tenuto-Hop": "0"}, "set by the client"),
        ],
    )
    def test_headers_that_break_out_or_steer_the_connection(
        self, server: Server, headers: dict[str, str], said: str
    ) -> None:
        """SECURITY 32: nothing is sent."""
        error = failure("GET", server.url(), headers=headers)

        assert said in error.message
        assert error.type == "input"
        assert server.seen == []

    @pytest.mark.parametrize("method", ["CONNECT", "TRACE", "GET / HTTP/1.1\r\n", "", "BREW"])
    def test_methods_that_are_none(self, server: Server, method: str) -> None:
        """A tunnel least of all."""
        assert failure(method, server.url()).type == "input"
        assert server.seen == []


class TestWhomItReaches:
    @pytest.mark.parametrize(
        "host",
        [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0177.0.0.1",
            "0",
            "0.0.0.0",
            "[::]",
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[::ffff:169.254.169.254]",
            "[64:ff9b::a9fe:a9fe]",
            "[2002:7f00:1::]",
            "[fd00:ec2::254]",
            "100.100.100.200",
            "192.0.0.192",
            "169.254.169.254",
            "169.254.170.2",
            "127.0.0.1.",
            "localhost",
            "localhost.",
            "LOCALHOST",
            "\uff11\uff12\uff17.0.0.1",
            "127\u30020\u30020\u30021",
        ],
    )
    def test_no_spelling_of_an_inner_address_is_reached(self, server: Server, host: str) -> None:
        """SECURITY 40 and 48: what counts is the address, not how it is written."""
        server.routes["/"] = lambda _: http(body=b"inside")

        error = failure("GET", server.url(host=host), client={"allow": ()}, timeout=5)

        assert error.type in {"permission", "connection"}
        assert "no place that nodes may reach" in error.message
        assert server.seen == []

    def test_the_system_resolver_is_not_asked_to_connect(self, server: Server) -> None:
        """SECURITY 41: a name is resolved once, and the connection goes to the address that was checked."""
        server.routes["/"] = lambda _: http(body=b"ok")
        asked: list[str] = []

        async def rebinding(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

        answer = ask("GET", server.url(host="rebind.example"), client={"resolver": rebinding})

        assert answer.text == "ok"
        assert asked == ["rebind.example"]
        assert server.seen[0].headers["host"] == f"rebind.example:{server.port}"

    def test_tls_names_the_host_though_the_connection_goes_to_an_address(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """SECURITY 41: the certificate is checked against the name that the flow wrote."""
        dialled: list[tuple[str, int]] = []
        named: list[str | None] = []

        class Wire(httpcore2.AsyncMockStream):
            async def start_tls(
                self, ssl_context: Any, server_hostname: str | None = None, *_rest: Any, **_more: Any
            ) -> Any:
                assert ssl_context.check_hostname
                named.append(server_hostname)
                return self

        async def dial(self: Any, host: str, port: int, *arguments: Any, **options: Any) -> Any:
            dialled.append((host, port))
            return Wire([http(body=b"ok")])

        async def public(host: str, port: int) -> Sequence[str]:
            return ["93.184.216.34"]

        monkeypatch.setattr(httpcore2.AnyIOBackend, "connect_tcp", dial)

        assert ask("GET", "https://shop.example/", client={"resolver": public}).text == "ok"
        assert (dialled, named) == ([("93.184.216.34", 443)], ["shop.example"])

    def test_a_name_that_moves_inside_is_refused_at_its_next_connection(self, server: Server) -> None:
        """SECURITY 41: every connection resolves and checks afresh."""
        server.routes["/"] = lambda _: http(body=b"ok")
        answers = iter([["127.0.0.1"], ["169.254.169.254"]])

        async def rebinding(host: str, port: int) -> Sequence[str]:
            return next(answers)

        async def run() -> None:
            client = HttpClient(LOOPBACK, resolver=rebinding)
            view = client.view()
            assert (await view.get(server.url(host="rebind.example"))).status == 200
            with pytest.raises(NodeError, match="no place that nodes may reach"):
                await view.get(server.url(host="rebind.example"))
            await client.aclose()

        asyncio.run(run())

    def test_of_mixed_answers_only_a_permitted_one_is_used(self, server: Server) -> None:
        """SECURITY 42: A and AAAA records together; the inner ones are passed over."""
        server.routes["/"] = lambda _: http(body=b"ok")

        async def mixed(host: str, port: int) -> Sequence[str]:
            return ["::1", "10.0.0.1", "169.254.169.254", "127.0.0.1"]

        assert ask("GET", server.url(host="mixed.example"), client={"resolver": mixed}).text == "ok"

    def test_an_address_that_does_not_answer_gives_way_to_the_next(self, server: Server) -> None:
        """Nothing listens at the first."""
        server.routes["/"] = lambda _: http(body=b"ok")

        async def two(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.9", "127.0.0.1"]

        client = {"resolver": two, "allow": [ip_network("127.0.0.0/8")]}
        assert ask("GET", server.url(host="two.example"), client=client).text == "ok"

    def test_inner_and_missing_names_give_the_same_error(self) -> None:
        """SECURITY 47: nobody learns which names exist inside, or which ports are open there."""

        async def names(host: str, port: int) -> Sequence[str]:
            if host.startswith("missing"):
                raise OSError("no such name")
            return ["10.0.0.1"]

        inner = failure("GET", "http://inner00.example/", client={"resolver": names})
        missing = failure("GET", "http://missing.example/", client={"resolver": names})

        assert inner.message.replace("inner00", "") == missing.message.replace("missing", "")
        assert (inner.type, inner.retry) == (missing.type, missing.retry)

    def test_open_and_closed_inner_ports_give_the_same_error(self, server: Server) -> None:
        """SECURITY 47: no connection is tried, so there is nothing to tell."""
        started = time.perf_counter()
        opened = failure("GET", f"http://127.0.0.1:{server.port}/", client={"allow": ()})
        closed = failure("GET", "http://127.0.0.1:9/", client={"allow": ()})

        assert opened.message.replace(f":{server.port}", "") == closed.message.replace(":9", "")
        assert (opened.type, opened.retry) == (closed.type, closed.retry) == ("permission", False)
        assert time.perf_counter() - started < 2

    def test_public_addresses_are_reached_on_usual_ports_only(self) -> None:
        """SECURITY 45: port 22 of a public address is refused before a connection is tried."""

        async def public(host: str, port: int) -> Sequence[str]:
            return ["8.8.8.8"]

        assert "no place" in failure("GET", "http://public.example:22/", client={"resolver": public}).message

    def test_the_own_listener_is_refused_though_its_network_is_allowed(self, server: Server) -> None:
        """SECURITY 45: a node must not speak to the program that runs it."""
        assert failure("GET", server.url(), client={"own": [("127.0.0.1", server.port)]}).type == "permission"
        assert server.seen == []

    def test_proxies_of_the_environment_are_not_asked(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """SECURITY 44: a proxy would connect for us, to whatever it likes."""
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        server.routes["/"] = lambda _: http(body=b"direct")

        assert ask("GET", server.url()).text == "direct"


class TestRedirects:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_inside_is_refused(self, server: Server, status: int) -> None:
        """SECURITY 43: every hop is checked like the first."""
        server.routes["/"] = lambda _: http(f"{status} Go", location="http://127.0.0.2:80/secret")

        assert failure("GET", server.url()).type == "permission"

    @pytest.mark.parametrize(
        "location",
        ["file:///etc/passwd", "gopher://127.0.0.1:70/", "http://u:p@example.com/", "http://[::1", "unix:/x"],
    )
    def test_a_redirect_to_no_place_is_an_error(self, server: Server, location: str) -> None:
        """Of type `http`: it is the server's doing, not the author's."""
        server.routes["/"] = lambda _: http("302 Found", location=location)

        error = failure("GET", server.url())

        assert (error.type, error.retry) == ("http", False)
        assert "redirects to no place" in error.message

    def test_five_are_followed_and_no_more(self, server: Server) -> None:
        """SECURITY 43: a loop ends."""
        for index in range(7):
            server.routes[f"/{index}"] = lambda _, index=index: http("302 Found", location=f"/{index + 1}")
        server.routes["/7"] = lambda _: http(body=b"there")

        assert ask("GET", server.url("/2")).text == "there"
        assert "redirected more than 5 times" in failure("GET", server.url("/1")).message
        assert ask("GET", server.url("/1"), redirects=0).status == 302
        assert "more than 5" in failure("GET", server.url("/0"), redirects=50).message

    def test_nothing_secret_goes_to_another_origin(self, server: Server) -> None:
        """SECURITY 43: whatever header may be a credential stays behind; of the same origin it goes along."""
        other = Server()
        other.start()
        server.routes["/away"] = lambda _: http("302 Found", location=other.url("/"))
        server.routes["/here"] = lambda _: http("302 Found", location="/end")
        server.routes["/end"] = other.routes["/"] = lambda _: http()
        secrets = {"Authorization": "Bearer s", "Cookie": "c=s", "X-Api-Key": "s", "Accept-Language": "de"}

        ask("GET", server.url("/away"), headers=secrets)
        ask("GET", server.url("/here"), headers=secrets)
        other.stop()

        harmless = {"accept", "accept-encoding", "accept-language", "tenuto-hop", "user-agent"}
        assert set(other.seen[0].headers) == {"host", *harmless}
        assert server.seen[-1].headers["authorization"] == "Bearer s"

    @pytest.mark.parametrize(
        ("status", "method", "body"), [(303, "GET", b""), (302, "GET", b""), (307, "POST", b"x"), (308, "POST", b"x")]
    )
    def test_the_method_follows_the_rules_of_http(self, server: Server, status: int, method: str, body: bytes) -> None:
        """303, and by custom 301 and 302, turn a POST into a GET; 307 and 308 repeat it."""
        server.routes["/"] = lambda _: http(f"{status} Go", location="/end")
        server.routes["/end"] = lambda _: http()

        ask("POST", server.url(), content="x")

        assert (server.seen[-1].method, server.seen[-1].body) == (method, body)
        assert ("content-type" in server.seen[-1].headers) == bool(body)

    def test_a_body_is_not_repeated_to_another_origin(self, server: Server) -> None:
        """It may hold a secret just as a header may."""
        server.routes["/"] = lambda _: http("307 Go", location=f"http://localhost:{server.port}/")

        error = failure("POST", server.url(), content="x")

        assert "another origin" in error.message
        assert len(server.seen) == 1


class TestBounds:
    def test_a_body_over_the_limit_is_refused_when_it_is_announced(self, server: Server) -> None:
        """SECURITY 46: before a byte of it is read."""
        server.routes["/"] = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"

        error = failure("GET", server.url())

        assert (error.type, error.retry) == ("too_large", False)
        assert "larger than 10 MB" in error.message

    def test_a_body_over_the_limit_is_refused_when_it_arrives(self, server: Server) -> None:
        """SECURITY 46: whatever it announces, or not."""
        chunk = b"100000\r\n" + b"x" * MB + b"\r\n"
        server.routes["/"] = lambda _: [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[chunk] * 11]

        assert failure("GET", server.url()).type == "too_large"

    def test_a_bomb_is_refused_by_its_ratio(self, server: Server) -> None:
        """SECURITY 46: five megabytes from five kilobytes are no honest answer."""
        server.routes["/"] = lambda _: http(body=gzip.compress(b"\0" * (5 * MB)), content_encoding="gzip")

        error = failure("GET", server.url())

        assert error.type == "too_large"
        assert "200 times" in error.message

    def test_a_bomb_is_refused_by_its_size(self, server: Server) -> None:
        """SECURITY 46: it is not unpacked beyond the limit."""
        block = random.Random(1).randbytes(MB // 32)
        server.routes["/"] = lambda _: http(body=gzip.compress(block * 400), content_encoding="gzip")

        assert failure("GET", server.url()).type == "too_large"

    def test_a_bomb_of_many_members_is_refused(self, server: Server) -> None:
        """Each member is small; together they count."""
        server.routes["/"] = lambda _: http(body=gzip.compress(b"\0" * MB) * 40, content_encoding="gzip")

        assert failure("GET", server.url()).type == "too_large"

    @pytest.mark.parametrize(
        "packed", [gzip.compress(b"hello world" * 9, mtime=0)[:-9], b"no gzip at all", b"\x1f\x8b\x08"]
    )
    def test_what_cannot_be_unpacked_is_an_error(self, server: Server, packed: bytes) -> None:
        """Worth a retry: it was cut off on the way."""
        server.routes["/"] = lambda _: http(body=packed, content_encoding="gzip")

        error = failure("GET", server.url())

        assert (error.type, error.retry) == ("connection", True)

    @pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "zstd"])
    def test_a_packing_that_nobody_asked_for_is_refused(self, server: Server, encoding: str) -> None:
        """Layers upon layers least of all."""
        server.routes["/"] = lambda _: http(body=b"x", content_encoding=encoding)

        assert "nobody asked for" in failure("GET", server.url()).message

    @pytest.mark.parametrize("drip", [b"x", b"X-A: 1\r\n"])
    def test_a_server_that_drips_is_left(self, server: Server, drip: bytes) -> None:
        """SECURITY 46: the limit is for the whole request, however often a byte arrives."""
        head = b"HTTP/1.1 200 OK\r\n" + (b"Content-Length: 100\r\n\r\n" if drip == b"x" else b"")
        server.routes["/"] = lambda _: [head, *[part for _ in range(60) for part in (drip, 0.05)]]
        started = time.perf_counter()

        error = failure("GET", server.url(), timeout=0.4)

        assert time.perf_counter() - started < 2
        assert (error.type, error.retry) == ("connection", True)
        assert "no whole answer within 0.4 s" in error.message

    def test_endless_headers_are_refused(self, server: Server) -> None:
        """They are not collected without end."""
        server.routes["/"] = lambda _: [b"HTTP/1.1 200 OK\r\n", *[b"X-A: " + b"1" * 10_000 + b"\r\n"] * 50]

        assert failure("GET", server.url()).type == "connection"


class TestConnections:
    @pytest.mark.parametrize(
        "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab", b"what is this\r\n\r\n"]
    )
    def test_an_answer_that_breaks_off_is_worth_a_retry(self, server: Server, answer: bytes) -> None:
        """SEMANTICS 20: connection errors are retried."""
        server.routes["/"] = lambda _: answer

        error = failure("GET", server.url())

        assert (error.type, error.retry) == ("connection", True)
        assert error.message.startswith(f"GET http://127.0.0.1:{server.port}/: ")

    def test_nobody_listening_is_worth_a_retry(self) -> None:
        """Inside an allowed network the reason is told."""
        error = failure("GET", "http://127.0.0.1:9/?token=hidden")

        assert (error.type, error.retry) == ("connection", True)
        assert "hidden" not in error.message


class TestJudgingAStatus:
    @pytest.mark.parametrize(
        ("status", "retry"),
        [(400, False), (401, False), (404, False), (408, True), (409, False), (429, True), (500, True), (503, True)],
    )
    def test_from_400_on_it_is_an_error(self, server: Server, status: int, retry: bool) -> None:
        """SEMANTICS 20: 408, 429 and 5xx are worth a retry."""
        server.routes["/"] = lambda _: http(f"{status} Oh", b"because\nof this", content_type="text/plain")

        with pytest.raises(NodeError) as caught:
            ask("GET", server.url(), query={"key": "hidden"}).raise_for_status()

        assert (caught.value.type, caught.value.retry) == ("http", retry)
        assert f"answered {status}" in caught.value.message
        assert caught.value.message.endswith(": because of this")
        assert "hidden" not in caught.value.message

    def test_a_status_that_is_expected_is_none(self, server: Server) -> None:
        """SEMANTICS 20: unless `ok` names it."""
        server.routes["/"] = lambda _: http("404 Not Found")

        ask("GET", server.url()).raise_for_status(ok=[404])

    @pytest.mark.parametrize(
        ("told", "least", "most"),
        [
            ("7", 7, 7),
            ("999999999", 86_400, 86_400),
            (60.0, 40, 61),  # from now, which is when the test runs and not when it is collected
            (-60.0, 0, 0),
            ("Thu, 01 Jan 9999 00:00:00 GMT", 86_400, 86_400),
        ],
    )
    def test_retry_after_is_honoured_as_seconds_and_as_a_date(
        self, server: Server, told: str | float, least: float, most: float
    ) -> None:
        """SEMANTICS 20: at most a day."""
        header = told if isinstance(told, str) else formatdate(time.time() + told, usegmt=True)
        server.routes["/"] = lambda _: http("503 Busy", retry_after=header)

        with pytest.raises(NodeError) as caught:
            ask("GET", server.url()).raise_for_status()

        assert caught.value.retry_after is not None
        assert least <= caught.value.retry_after <= most

    @pytest.mark.parametrize("told", ["", "soon", "-5", "1e9", "\xb2"])
    def test_a_retry_after_that_means_nothing_is_left_out(self, server: Server, told: str) -> None:
        """The node's own `retry:` decides."""
        server.routes["/"] = lambda _: http("503 Busy", retry_after=told)

        with pytest.raises(NodeError) as caught:
            ask("GET", server.url()).raise_for_status()

        assert caught.value.retry_after is None
