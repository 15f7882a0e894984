"""Documents: text in files, and nothing that is none."""

import asyncio
from typing import Any

import pytest

from tenuto.sdk import NodeError, Registry
from tenuto.testing.check_node import try_node
from tenuto.testing.context import FakeContext

READ, WRITE = Registry()["document.read"], Registry()["document.write"]


def write(ctx: FakeContext, name: str, text: str) -> Any:
    return asyncio.run(try_node(WRITE, {"name": name, "text": text}, ctx)).value


def read(ctx: FakeContext, file: Any, **given: Any) -> Any:
    return asyncio.run(try_node(READ, {"file": file, **given}, ctx)).value


def kept(ctx: FakeContext, content: bytes, media_type: str) -> Any:
    return asyncio.run(ctx.files.put(content, name="x", media_type=media_type))


def test_what_was_written_is_read() -> None:
    """Under its name, with the type that its ending says."""
    ctx = FakeContext()

    file = write(ctx, "plan.md", "# Plän\n")

    assert (file["name"], file["media_type"]) == ("plan.md", "text/markdown; charset=utf-8")
    assert read(ctx, file)["text"] == "# Plän\n"


def test_a_long_document_is_read_in_parts() -> None:
    """And says how long it is."""
    ctx = FakeContext()
    file = write(ctx, "a.txt", "0123456789" * 10)

    part = read(ctx, file, start=95, most=10)

    assert (part["text"], part["characters"]) == ("56789", 100)


@pytest.mark.parametrize(
    "name", ["", "  ", "..", "../etc/passwd", "a/b.md", "a\\b", "a\nb", "x" * 201, "a\u202emd.exe"]
)
def test_a_name_is_no_way_to_elsewhere(name: str) -> None:
    """It stands in a header one day, and in somebody's folder."""
    with pytest.raises(NodeError, match="no name of a file"):
        write(FakeContext(), name, "x")


@pytest.mark.parametrize(
    ("content", "media_type", "text"),
    [
        (b"", "text/plain", ""),
        ("Plän".encode("utf-16"), "text/plain", "Plän"),
        ("Plän".encode("utf-8-sig"), "application/octet-stream", "Plän"),
        ("привет".encode("cp1251"), "text/plain; charset=windows-1251", "привет"),
        ("Plän".encode("latin-1"), "text/plain; charset=klingon", "Plän"),
    ],
    ids=["nothing", "utf-16", "mark", "named", "unknown"],
)
def test_a_text_is_read_in_the_letters_that_it_is_written_in(content: bytes, media_type: str, text: str) -> None:
    ctx = FakeContext()

    assert read(ctx, kept(ctx, content, media_type))["text"] == text


@pytest.mark.parametrize(("content", "media_type"), [(b"\x89PNG\r\n\x1a\n\0", "image/png"), (b"a\0b", "text/plain")])
def test_what_is_no_text_is_refused(content: bytes, media_type: str) -> None:
    """Nobody could do anything with it."""
    ctx = FakeContext()

    with pytest.raises(NodeError, match="is no text"):
        read(ctx, kept(ctx, content, media_type))


def test_text_of_older_days_is_text() -> None:
    """Bytes that are no UTF-8, in a file that says that it is text; and a mark at the beginning is none of it."""
    ctx = FakeContext()

    assert read(ctx, kept(ctx, "Grüße".encode("latin-1"), "text/plain"))["text"] == "Grüße"
    assert read(ctx, kept(ctx, b"\xef\xbb\xbfhi", "text/plain"))["text"] == "hi"
