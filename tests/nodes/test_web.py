"""`web.fetch` gives a page as people read it."""

import asyncio
import time
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdk.http.server import LOOPBACK, Server, http
from tenuto.nodes.web.plain import plain
from tenuto.sdk import NodeError, Registry
from tenuto.sdk.http import HttpClient
from tenuto.testing.check_node import try_node
from tenuto.testing.context import FakeContext

FETCH = Registry()["web.fetch"]
PAGE = """<!doctype html><html><head><title>A  page</title><style>p {}</style><script>evil()</script></head>
<body><nav><a href="/home">Home</a></nav><h1>Big &amp; bold</h1><p>One <b>two</b>
three.</p><ul><li>first<li>second</ul><table><tr><td>a</td><td>b</td></tr></table>
<a href="javascript:alert(1)">bad</a><a href="https://example.com/x?a=1&amp;b=2">good</a>
<noscript>unseen</noscript><template>unseen</template></body></html>"""


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server of our own."""
    running = Server()
    running.start()
    yield running
    running.stop()


def fetch(url: str, **given: Any) -> Any:
    ctx = FakeContext(http=HttpClient(LOOPBACK))
    return asyncio.run(try_node(FETCH, {"url": url, **given}, ctx)).value


def test_a_page_is_its_text_its_title_and_its_links(server: Server) -> None:
    """Scripts and styles are not read aloud, and a link that would run something is none."""
    server.routes["/"] = lambda _: http(body=PAGE.encode(), content_type="text/html; charset=utf-8")

    page = fetch(server.url())

    assert page["title"] == "A page"
    assert "# Big & bold" in page["text"]
    assert "One two three." in page["text"].replace("\n", " ")
    assert "- first\n- second" in page["text"]
    assert "unseen" not in page["text"]
    assert "evil" not in page["text"]
    assert [link["text"] for link in page["links"]] == ["Home", "good"]
    assert page["links"][1]["url"] == "https://example.com/x?a=1&b=2"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        ("<p>привет".encode("cp1251"), "text/html; charset=windows-1251", "привет"),
        (b'<meta charset="windows-1251"><p>' + "привет".encode("cp1251"), "text/html", "привет"),
        ("<p>caf\xe9".encode("latin-1"), "text/html", "café"),
        ("<p>日本".encode("utf-16"), "text/html; charset=klingon", "日本"),
        (b"a\0\x1b[31mb\x7fc\n", "text/plain", "a[31mbc\n"),
        (b"", "text/html", ""),
        (b"<p>a-b", "text/html; charset=punycode", "a-b"),
    ],
    ids=["header", "head", "old", "mark", "control", "nothing", "no-letters"],
)
def test_a_page_is_read_in_the_letters_that_it_is_written_in(
    server: Server, body: bytes, content_type: str, text: str
) -> None:
    server.routes["/"] = lambda _: http(body=body, content_type=content_type)

    assert fetch(server.url())["text"] == text


def test_a_long_page_is_cut_and_says_so(server: Server) -> None:
    """What an agent is given is bounded."""
    server.routes["/"] = lambda _: http(body=b"<p>" + b"x" * 5_000, content_type="text/html")

    page = fetch(server.url(), most=100)

    assert (len(page["text"]), page["characters"]) == (100, 5_000)


def test_text_is_taken_as_it_is(server: Server) -> None:
    """Also what looks like markup in it."""
    server.routes["/"] = lambda _: http(body=b"a <b> c", content_type="text/plain")

    assert fetch(server.url())["text"] == "a <b> c"


def test_what_is_no_page_is_refused(server: Server) -> None:
    """And who has files is named."""
    server.routes["/"] = lambda _: http(body=b"\x89PNG", content_type="image/png")

    with pytest.raises(NodeError, match=r"http\.request"):
        fetch(server.url())


def test_an_inner_address_is_not_reached() -> None:
    """As with every request of a node."""
    with pytest.raises(NodeError) as caught:
        asyncio.run(try_node(FETCH, {"url": "http://169.254.169.254/latest/meta-data"}, FakeContext(http=HttpClient())))

    assert caught.value.type == "permission"


ODD = [
    "<",
    "<a href=",
    "<a href='",
    '<a b="',
    "<p>",
    "</script>",
    "<script>",
    "<!--",
    "<!-->",
    "&#",
    "<![CDATA[",
    "</",
    "<?",
    "\0",
    "<title>",
    "<a x",
    "<a b=c ",
    "</a",
    "<svg",
    "<li><a href=x>",
    "&notit;",
    "<p a='>'>",
    "=",
    "<a " + "b=" * 50,
]


@pytest.mark.parametrize("piece", ODD, ids=range(len(ODD)))
def test_an_odd_page_costs_what_it_is_long(piece: str) -> None:
    """A page is written by a stranger: whatever is never closed, over and over, holds nobody up."""
    html = piece * (200_000 // len(piece))
    begun = time.perf_counter()

    plain(html, "https://example.com/")

    assert time.perf_counter() - begun < 3


@given(st.text(alphabet="<>/!-?=\"'& \nabcdhilprstxy[]#;", max_size=300))
def test_any_text_is_read(html: str) -> None:
    """Nothing raises, and nothing that was outside of tags is lost."""
    page = plain(html, "https://example.com/")

    assert "<" in html or " ".join(page.text.split()) == " ".join(unescape(html).split())


def test_what_is_never_closed_ends_the_page() -> None:
    """As in a browser; what stands before it stays."""
    assert plain("<p>before<!-- <p>after", "").text == "before"
    assert plain("<p>before<a href='x><p>after", "").text == "before"
    assert plain("<p>before<script>after", "").text == "before"
    assert plain("1 < 2 <b>and</b> 3 > 2", "").text == "1 < 2 and 3 > 2"
