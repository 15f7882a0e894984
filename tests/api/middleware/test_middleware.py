"""What every request passes before it reaches a route."""

import asyncio
import time

import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse

from api.frame import asking, frame
from tenuto.api.routing import DOCUMENT_LIMIT, Router
from tenuto.ports.limits import Rate

router = Router()
documents = Router(documents=True)


@router.get("/hello")
async def hello(request: Request) -> dict[str, str]:
    client = request.client
    return {"client": client.host if client else "", "scheme": request.url.scheme}


@router.post("/echo")
async def echo(body: dict[str, str]) -> int:
    return len(body)


@documents.post("/document")
async def document(body: dict[str, str]) -> int:
    return len(body)


@router.get("/hang")
async def hang() -> None:
    await asyncio.sleep(60)


@router.get("/own-timeout")
async def own_timeout() -> None:
    raise TimeoutError


@router.get("/stream")
async def stream() -> StreamingResponse:
    async def slowly():
        yield b"a"
        await asyncio.sleep(0.2)
        yield b"b"

    return StreamingResponse(slowly())


router.include_router(documents)


class TestHosts:
    @pytest.mark.parametrize(
        "host", ["localhost", "localhost:8090", "127.0.0.1:80", "[::1]:8090", "LOCALHOST", "localhost."]
    )
    async def test_names_of_this_machine_are_answered(self, host: str):
        """Whatever the port."""
        async with asking(frame(router)) as client:
            answer = await client.get("/hello", headers={"Host": host})

        assert answer.status_code == 200

    @pytest.mark.parametrize(
        "host",
        ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "", "localhost/../x", "a b", "localhost:99999x",
         "evil.example#localhost", "localhost@evil.example", "[::1", "xlocalhost"],
    )  # fmt: skip
    async def test_any_other_name_is_refused(self, host: str):
        """So that a page elsewhere cannot reach this server under a name of its own."""
        async with asking(frame(router)) as client:
            answer = await client.get("/hello", headers={"Host": host})

        assert answer.status_code == 421
        assert answer.json()["code"] == "misdirected"

    async def test_two_hosts_are_none(self):
        """A proxy might have believed the other."""
        async with asking(frame(router)) as client:
            answer = await client.get("/hello", headers=[("Host", "localhost"), ("Host", "evil.example")])

        assert answer.status_code == 421

    @pytest.mark.parametrize(
        ("host", "status"),
        [("api.example.com", 200), ("a.flows.example", 200), ("flows.example", 421), ("evilflows.example", 421)],
    )
    async def test_settings_allow_more(self, host: str, status: int):
        """`*.` stands for every name below, not for the name itself."""
        async with asking(frame(router, allowed_hosts=("api.example.com", "*.flows.example"))) as client:
            answer = await client.get("/hello", headers={"Host": host})

        assert answer.status_code == status


SPOOFED = {"X-Forwarded-For": "6.6.6.6, 203.0.113.9, 10.0.0.2", "X-Forwarded-Proto": "https"}


class TestProxies:
    async def test_a_stranger_is_not_believed(self):
        """Anybody can write these headers."""
        async with asking(frame(router), client="203.0.113.1") as client:
            answer = await client.get("/hello", headers=SPOOFED)

        assert answer.json() == {"client": "203.0.113.1", "scheme": "http"}

    async def test_a_trusted_proxy_names_the_caller(self):
        """The last address that is not a trusted proxy; what stands before it the caller may have invented."""
        from tenuto.sdk.http.addresses import parse_networks

        app = frame(router, trusted_proxies=parse_networks("10.0.0.0/8"))
        async with asking(app, client="10.0.0.1") as client:
            answer = await client.get("/hello", headers=SPOOFED)

        assert answer.json() == {"client": "203.0.113.9", "scheme": "https"}
        assert "strict-transport-security" in answer.headers


class TestHeaders:
    @pytest.mark.parametrize("path", ["/hello", "/nowhere", "/own-timeout"])
    async def test_every_answer_is_guarded(self, path: str):
        """Errors too."""
        async with asking(frame(router)) as client:
            answer = await client.get(path)

        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert "strict-transport-security" not in answer.headers
        assert "server" not in answer.headers


class TestCors:
    async def test_nobody_is_allowed_at_first(self):
        """No origin is reflected."""
        async with asking(frame(router)) as client:
            answer = await client.get("/hello", headers={"Origin": "https://evil.example"})

        assert "access-control-allow-origin" not in answer.headers

    @pytest.mark.parametrize(
        ("origin", "allowed"),
        [
            ("https://app.example.com", True),
            ("https://app.example.com.evil.example", False),
            ("https://xapp.example.com", False),
            ("http://app.example.com", False),
            ("https://app.example.com:444", False),
            ("null", False),
        ],
    )
    async def test_origins_are_compared_whole(self, origin: str, allowed: bool):
        """And never with credentials that a browser adds by itself."""
        async with asking(frame(router, cors_origins=("https://app.example.com",))) as client:
            answer = await client.get("/hello", headers={"Origin": origin})

        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed
        assert "access-control-allow-credentials" not in answer.headers

    async def test_a_page_says_and_reads_what_the_api_knows(self):
        """Keys that make a start harmless, versions that must not have changed, and what limits answer."""
        page = {"Origin": "https://app.example.com"}
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "idempotency-key, if-match"}
        async with asking(frame(router, cors_origins=("https://app.example.com",))) as client:
            before = await client.options("/hello", headers=page | asked)
            answer = await client.get("/hello", headers=page)

        readable = answer.headers["access-control-expose-headers"]
        assert before.status_code == 200, before.text
        assert {"Idempotency-Replayed", "RateLimit-Reset", "Retry-After"} <= set(readable.split(", "))


class TestSizes:
    async def test_a_body_that_says_that_it_is_too_large_is_not_read(self):
        """413 with a problem."""
        async with asking(frame(router, body_limit=100)) as client:
            answer = await client.post("/echo", json={"a": "x" * 200})

        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"

    async def test_a_body_that_does_not_say_is_counted(self):
        """Chunks may come without end."""
        read = 0

        async def chunks():
            nonlocal read
            while read < 1_000_000:
                read += 50
                yield b"x" * 50

        async with asking(frame(router, body_limit=100)) as client:
            answer = await client.post("/echo", content=chunks(), headers={"content-type": "application/json"})

        assert answer.status_code == 413
        assert answer.json()["code"] == "too_large"
        assert read < 1_000

    async def test_documents_are_smaller(self):
        """A flow has at most a megabyte."""
        body = {"a": "x" * DOCUMENT_LIMIT}
        async with asking(frame(router)) as client:
            refused = await client.post("/document", json=body)
            taken = await client.post("/echo", json=body)

        assert (refused.status_code, taken.status_code) == (413, 200)


class TestTimeouts:
    async def test_a_request_that_hangs_is_ended(self):
        """Whoever asked is told that it may have been done."""
        async with asking(frame(router, request_timeout=0.1)) as client:
            answer = await client.get("/hang")

        assert answer.status_code == 503
        assert answer.json()["code"] == "timeout"

    async def test_a_body_that_trickles_is_ended(self):
        """However patiently it comes."""

        async def trickle():
            while True:
                yield b" "
                await asyncio.sleep(0.02)

        async with asking(frame(router, request_timeout=0.1)) as client:
            answer = await client.post("/echo", content=trickle(), headers={"content-type": "application/json"})

        assert answer.status_code == 503

    async def test_an_answer_that_has_begun_may_last(self):
        """A stream is not cut."""
        async with asking(frame(router, request_timeout=0.1)) as client:
            answer = await client.get("/stream")

        assert answer.text == "ab"

    async def test_a_timeout_of_the_route_itself_is_not_ours(self):
        """It is a fault like any other."""
        async with asking(frame(router)) as client:
            answer = await client.get("/own-timeout")

        assert answer.status_code == 500


class TestLimits:
    async def test_an_address_that_asks_too_often_waits(self):
        """The others do not."""
        app = frame(router, limits={"address": Rate(3, 60)})
        async with asking(app, client="203.0.113.1") as one, asking(app, client="203.0.113.2") as other:
            answers = [await one.get("/hello") for _ in range(4)]
            unhurt = await other.get("/hello")

        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert answers[3].headers["ratelimit-limit"] == "3"
        assert 0 < int(answers[3].headers["retry-after"]) <= 60
        assert answers[3].json()["code"] == "rate_limited"
        assert unhurt.status_code == 200

    async def test_alone_on_a_machine_nobody_is_limited(self):
        """A thousand requests in a row pass."""
        async with asking(frame(router)) as client:
            statuses = {(await client.get("/nowhere")).status_code for _ in range(1_000)}

        assert statuses == {404}


@pytest.mark.serial
async def test_all_of_it_costs_little():
    """Bare microseconds, so that it is the route that costs. The bound is wide: machines of tests are busy."""

    async def nothing(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def no_message():
        return {}

    async def swallow(message):
        pass

    stack = nothing
    for middleware in reversed(frame().way):
        stack = middleware.cls(stack, *middleware.args, **middleware.kwargs)
    headers = [
        (b"host", b"localhost:8090"),
        (b"user-agent", b"x"),
        (b"authorization", b"Bearer x"),
        (b"accept", b"*/*"),
    ]

    async def once(app):
        scope = {"type": "http", "method": "GET", "scheme": "http", "path": "/", "headers": headers, "client": ("1", 2)}
        await app(scope, no_message, swallow)

    async def pace(app) -> float:
        begun = time.perf_counter()
        for _ in range(2_000):
            await once(app)
        return (time.perf_counter() - begun) / 2_000

    cost = min([await pace(stack) for _ in range(5)]) - min([await pace(nothing) for _ in range(5)])

    assert cost < 100e-6, f"{cost * 1e6:.0f} µs"
