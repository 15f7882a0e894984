"""SIGKILL in the middle of a graph: it goes on at its superstep, and no call that was answered is made again."""

import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agents.killing import KILLED, LINES, kills_at
from tenuto.testing.wire import WireServer, repeated

HERE = Path(__file__).parent
SIDES = ("before", "after")
SCRIPT = [*({"calls": [{"tool": "book.write", "arguments": {"line": line}}]} for line in LINES), "It is kept."]


@pytest.mark.serial
async def test_sigkill_in_a_graph_repeats_no_call_that_is_on_record(tmp_path: Path) -> None:
    """I5: after a call between two checkpoints, and before the record of one."""
    for told in await _played(tmp_path, "steps", ["6:after", "9:before"]):
        _look(told, 8)


@pytest.mark.nightly
@pytest.mark.serial
async def test_sigkill_at_every_write_of_a_graph(tmp_path: Path) -> None:
    """Before and after each."""
    points = ["0:after", *(f"{at}:{side}" for at in range(2, 17) for side in SIDES)]

    for told in await _played(tmp_path, "steps", points):
        _look(told, 8)


@pytest.mark.nightly
@pytest.mark.serial
async def test_sigkill_in_a_graph_with_a_model_asks_no_question_twice_that_was_answered(tmp_path: Path) -> None:
    """`ChatOpenAI` of one's own, wrapped: the provider's log says what it was asked."""
    points = [f"{at}:{side}" for at in (4, 7, 10, 13, 16) for side in SIDES]
    async with WireServer(SCRIPT, models=["gpt-test"]) as wire:
        played = await _played(tmp_path, "talks", points, BASE_URL=wire.openai)
        for told in played:
            _look(told, len(LINES))
            asked = [entry for entry in wire.log.entries if _asked_of(wire, entry.n, told["point"])]
            repeats = len(repeated(asked)) + len(told["book"]) - len(LINES)
            assert repeats == 0 if told["point"].endswith("after") else repeats <= 1


@pytest.mark.nightly
@pytest.mark.serial
async def test_sigkill_in_an_agent_file_that_langgraph_drives(tmp_path: Path) -> None:
    """Early, in the middle of a call, and late."""
    await kills_at(tmp_path, ["3:after", "7:before", "12:after"], runtime="langgraph")


def _look(told: dict[str, Any], lines: int) -> None:
    at, _, side = str(told["point"]).partition(":")
    book = Counter(told["book"])
    assert told["status"] == "succeeded", told
    assert told["first"] == (KILLED if at != "0" else 0), told
    assert len(book) == lines, told
    assert book.total() - lines <= (0 if side == "after" else 1), told


def _asked_of(wire: WireServer, number: int, point: str) -> bool:
    return f"Keep the book of {point}" in json.dumps(wire.asked[number - 1].ask, default=str)


async def _played(directory: Path, graph: str, points: Sequence[str], **more: str) -> list[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(HERE / "victim.py"),
        str(directory),
        graph,
        *points,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1]), **more},
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out
    return [json.loads(line) for line in out.splitlines()]
