"""Answers that are too large to be handed on whole."""

import asyncio
import json
from typing import Any

import pytest

from tenuto.sdk.agents.large import BEGINNING, LARGEST, shortened


def told(value: Any) -> tuple[Any, list[tuple[bytes, str, str]]]:
    """What stands in its place, and what was kept."""
    kept: list[tuple[bytes, str, str]] = []

    async def keep(content: bytes, name: str, media_type: str) -> dict[str, Any]:
        kept.append((content, name, media_type))
        return {"$file": "f1"}

    return asyncio.run(shortened(value, "answer", keep)), kept


@pytest.mark.parametrize("value", [None, 0, "", "x" * LARGEST, ["x" * (LARGEST - 4)], {"a": "ä" * 30_000}])
def test_what_fits_is_handed_on_as_it_is(value: Any) -> None:
    shown, kept = told(value)

    assert shown is value
    assert kept == []


def test_a_larger_text_is_a_file_of_text() -> None:
    text = "ä" * (LARGEST // 2) + "."

    shown, kept = told(text)

    assert shown == {"file": {"$file": "f1"}, "size": LARGEST + 1, "beginning": text[:BEGINNING]}
    assert kept == [(text.encode(), "answer.txt", "text/plain")]


def test_anything_else_is_a_file_of_json() -> None:
    rows = [{"n": n} for n in range(10_000)]

    shown, kept = told(rows)

    assert json.loads(kept[0][0]) == rows
    assert kept[0][1:] == ("answer.json", "application/json")
    assert shown["beginning"].startswith('[{"n": 0}, ')


def test_half_a_character_does_no_harm() -> None:
    """It is JSON, and no text that could be written."""
    shown, kept = told("\ud83d" * (LARGEST + 1))

    assert shown["size"] == len(kept[0][0]) == LARGEST + 1
