"""What came back, read as text."""

import pytest

from tenuto.sdk.http import Response

MEGABYTE = b"9a" * 500_000


def text_of(content: bytes, charset: str) -> str:
    return Response(200, {"content-type": f"text/plain; charset={charset}"}, content, "u", "GET u").text


@pytest.mark.parametrize(
    "charset", ["punycode", "PunyCode", "idna", "unicode_escape", "raw-unicode-escape", "undefined"]
)
def test_what_only_python_calls_a_charset_is_none(charset: str):
    """A server chooses it: as `punycode` a megabyte would be read for minutes, and nobody else be answered."""
    assert text_of(MEGABYTE, charset) == MEGABYTE.decode()


def test_letters_of_old_pages_are_read():
    assert text_of("Łódź".encode("iso8859-2"), "ISO-8859-2") == "Łódź"
