"""URLs are taken apart once and strictly."""

import pytest

from tenuto.sdk import NodeError
from tenuto.sdk.http.urls import parse_url


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTPS://EXAMPLE.com:443/A?b=1#c", "https://example.com/A?b=1"),
        ("http://example.com.:8080/", "http://example.com:8080/"),
        ("http://[2606:4700::1111]:8443/x", "http://[2606:4700::1111]:8443/x"),
        ("http://[::FFFF:1.2.3.4]/", "http://[::ffff:102:304]/"),
        ("http://bücher.example/ä ö".replace(" ", "%20"), "http://xn--bcher-kva.example/%C3%A4%20%C3%B6"),
        ("http://\uff11\uff12\uff17.0.0.1/", "http://127.0.0.1/"),
        ("http://a_b.example/", "http://a_b.example/"),
        ("http://example.com?q=ü", "http://example.com/?q=%C3%BC"),
    ],
)
def test_a_url_has_one_meaning(url: str, meant: str) -> None:
    """Host in ASCII, no fragment, the port only where it is not the usual one."""
    assert parse_url(url).url == meant


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "must begin with http"),
        ("example.com/x", "must begin with http"),
        ("gopher://example.com/", "begins with `gopher:`"),
        ("file:///etc/passwd", "begins with `file:`"),
        ("unix:/var/run/x.sock", "begins with `unix:`"),
        ("javascript:alert(1)", "begins with `javascript:`"),
        ("http+unix://x/", "begins with `http.unix:`"),
        ("http://", "no host"),
        ("http:///path", "no host"),
        ("http://user:secret@example.com/", "holds a user or a password"),
        ("http://example.com@127.0.0.1/", "holds a user or a password"),
        ("http://[fe80::1%25eth0]/", "no host"),
        ("http://[fe80::1%eth0]/", "no host"),
        ("http://[::1", "cannot be read"),
        ("http://[example.com]/", "cannot be read|no host"),
        ("http://example.com:0/", "port 0"),
        ("http://example.com:99999/", "cannot be read"),
        ("http://example.com:port/", "cannot be read"),
        ("http://exa mple.com/", "a space"),
        ("http://example.com/a\r\nHost: x", "a space"),
        ("http://example.com\\@127.0.0.1/", "a backslash"),
        ("\thttp://example.com/", "a space"),
        ("http://-.example/", "no host"),
        ("http://exam%70le.com/", "no host"),
        ("http://" + "a" * 300 + "/", "no host"),
        ("http://x/" + "a" * 9000, "longer than 8192"),
    ],
)
def test_what_has_several_meanings_or_none_is_refused(url: str, said: str) -> None:
    """Where two parsers may differ, neither is asked."""
    with pytest.raises(NodeError, match=said) as caught:
        parse_url(url)

    assert (caught.value.type, caught.value.retry) == ("input", False)
    assert "secret" not in caught.value.message


def test_a_query_is_added_to_the_one_there_is() -> None:
    """Lists repeat their key, null leaves it out, booleans are written as JSON does."""
    target = parse_url("http://example.com/?a=1", {"b": [1, "x y"], "c": None, "d": True, "e": "ü&="})

    assert target.path == "/?a=1&b=1&b=x+y&d=true&e=%C3%BC%26%3D"
    assert str(target) == "http://example.com/"
