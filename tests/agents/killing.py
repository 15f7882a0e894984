"""A ten-step agent whose process is killed at chosen writes, with a provider that writes down what it was asked."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tenuto.testing.wire import Entry, WireServer, repeated

HERE = Path(__file__).parent
LINES = ["one", "two", "three", "four", "five"]
SCRIPT = [*({"calls": [{"tool": "node:book.write", "arguments": {"line": line}}]} for line in LINES), "It is kept."]
KILLED = -9


async def kills_at(directory: Path, points: Sequence[str], runtime: str = "native") -> None:
    """At each of the points: the run ends well, and nothing that was on record is asked or done again."""
    async with WireServer(SCRIPT, models=["gpt-test"]) as wire:
        for told in await _played(directory, wire.openai, runtime, points):
            assert told["status"] == "succeeded", told
            assert told["output"]["text"] == "It is kept.", told
            entries = [entry for entry in wire.log.entries if _of(wire, entry, told["point"])]
            _look(told, entries)


def _of(wire: WireServer, entry: Entry, point: str) -> bool:
    asked: Any = wire.asked[entry.n - 1]
    return f"Keep the book of {point}" in json.dumps(getattr(asked, "ask", asked), default=str)


def _look(told: dict[str, Any], entries: list[Entry]) -> None:
    at, _, side = str(told["point"]).partition(":")
    assert told["first"] == (KILLED if at != "0" else 0), told
    again = repeated(entries)
    book = Counter(told["book"].split())
    assert len({entry.digest for entry in entries}) == len(SCRIPT), told
    if side == "after":
        assert again == [], told
        assert book == dict.fromkeys(LINES, 1), told
    else:  # what was under way when it died, and no more; under the same key, so that the other side can tell
        assert len(again) + sum(book.values()) - len(LINES) <= 1, told
        keys = {entry.digest: entry.key for entry in entries if entry.phase == "asked"}
        assert all(entry.key == keys[entry.digest] for entry in entries if entry.phase == "asked"), told
        assert set(book) == set(LINES), told


async def _played(directory: Path, url: str, runtime: str, points: Sequence[str]) -> list[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "victim.py"),
        str(directory),
        url,
        runtime,
        *points,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out
    return [json.loads(line) for line in out.splitlines()]
