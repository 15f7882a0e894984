"""SECURITY 33: what the server says of itself is one object a line, whatever came from outside."""

import io
import json
import logging
from typing import Any

import pytest

from api.frame import asking, frame
from tenuto.api.logs import logging_to
from tenuto.api.routing import Router

EVIL = 'x\n{"event": "forged"}\r\x1b[31mred\x1b[0m\u2028\x9b'

router = Router()


@router.get("/fails/{name}")
async def fails(name: str) -> None:
    raise ValueError(name)


def lines_of(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.mark.parametrize("plain", [True, False])
def test_nobody_writes_a_line_or_colours_a_terminal(plain: bool):
    """Neither by the text nor by a field, its name included."""
    stream = io.StringIO()

    with logging_to(stream, plain=plain):
        logging.getLogger("tenuto.test").warning("said %s", EVIL, extra={"field": EVIL})

    text = stream.getvalue()
    assert text.count("\n") == 1
    assert "\x1b[31m" not in text
    assert not {"\r", "\u2028", "\x9b"} & set(text)


async def test_a_line_of_a_request_has_its_id():
    """So that whoever was told the id finds it; the fault stands beside it, and in no answer."""
    stream = io.StringIO()

    with logging_to(stream, plain=False):
        async with asking(frame(router)) as client:
            answer = await client.get("/fails/reason", headers={"X-Request-Id": "mine-1"})
        logging.getLogger("tenuto.test").warning("later")

    fault, later = lines_of(stream)
    assert fault["request_id"] == answer.json()["request_id"] == "mine-1"
    assert fault["level"] == "error"
    assert fault["exception"][0]["exc_value"] == "reason"
    assert "reason" not in answer.text
    assert "request_id" not in later


@pytest.mark.parametrize("plain", [True, False])
def test_a_fault_says_where_it_happened_and_not_what_was_at_hand(plain: bool):
    """A secret may be at hand."""
    stream = io.StringIO()

    def fails(token: str) -> None:
        raise ValueError(len(token))

    with logging_to(stream, plain=plain):
        try:
            fails("2retnuh"[::-1])
        except ValueError:
            logging.getLogger("tenuto.test").exception("it failed")

    assert "ValueError" in stream.getvalue()
    assert "fails" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_what_waits_is_bounded():
    """A stream that hangs costs lines, not memory."""
    stream = io.StringIO()
    with logging_to(stream, plain=False):
        for each in range(30_000):
            logging.getLogger("tenuto.test").warning("%d", each)

    assert 0 < len(lines_of(stream)) <= 30_000
