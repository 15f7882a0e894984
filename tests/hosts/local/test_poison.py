"""R19: bad nodes among good runs."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hosts.local.harness import LocalHarness, opened
from tenuto.core.flow import Flow
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import StartRequest
from tenuto.sdk import Context, node
from tenuto.sdk.definition import definition_of
from tenuto.testing.host_conformance import flow_of, library, node_type


class Unpicklable(Exception):
    """What it says of itself is wrong too."""

    def __reduce__(self) -> Any:
        raise TypeError("no")

    def __str__(self) -> str:
        raise ValueError("not even that")


def _nodes() -> dict[str, Any]:
    @node("bad.huge")
    async def huge() -> str:
        """More than a journal takes."""
        return "x" * 50_000_000

    @node("bad.error")
    async def error() -> None:
        """An error that nobody can keep."""
        raise Unpicklable

    @node("bad.loop")
    def loop(*, ctx: Context) -> None:
        """Busy until it is told to stop."""
        while not ctx.cancelled:
            time.sleep(0.0005)

    return {"bad.huge": definition_of(huge), "bad.error": definition_of(error), "bad.loop": definition_of(loop)}


GOOD = flow_of("good", {"nodes": {"a": {"use": "test.sleep", "with": {"seconds": 0.05, "value": 1}}}, "output": "${a}"})


async def _times(harness: LocalHarness, count: int) -> list[float]:
    """How long good runs take, each begun a moment after the one before."""

    async def one() -> float:
        began = time.perf_counter()
        outcome = await harness.outcome(await harness.host.start(StartRequest(GOOD)))
        assert outcome.output == 1
        return time.perf_counter() - began

    tasks: list[asyncio.Task[float]] = []
    for _ in range(count):
        tasks.append(asyncio.create_task(one()))
        await asyncio.sleep(0.005)
    return sorted(await asyncio.gather(*tasks))


async def _bad(harness: LocalHarness, flows: list[Flow], count: int) -> list[str]:
    kinds: list[str] = []
    for number in range(count):
        run = await harness.host.start(StartRequest(flows[number % len(flows)]))
        kinds.append(str(((await harness.outcome(run)).error or {}).get("type")))
    return kinds


async def _play(good: int, bad: int) -> None:
    nodes = _nodes()
    types = {**library(), **{name: node_type(each) for name, each in nodes.items()}}
    flows = [flow_of("bad", {"nodes": {"a": {"use": use, "timeout": "50ms"}}}, types) for use in nodes]
    async with opened(nodes=nodes, options=Options(grace=2)) as harness:
        alone = await _times(harness, good)
        poison = asyncio.create_task(_bad(harness, flows, bad))
        beside = await _times(harness, good)
        kinds = await poison

    assert set(kinds) == {"too_large", "Unpicklable", "timeout"}
    p95 = [times[int(len(times) * 0.95)] for times in (alone, beside)]
    assert p95[1] < 2 * p95[0] + 0.02, p95


@pytest.mark.serial
async def test_bad_nodes_fail_and_good_runs_go_on_as_before() -> None:
    """R19: 50 MB, an error that cannot be kept, a loop; the p95 of good runs stays below twice."""
    await _play(100, 6)


@pytest.mark.serial
@pytest.mark.nightly
async def test_twenty_bad_among_a_thousand_good() -> None:
    """R19, whole."""
    await _play(1_000, 20)


KILLER = '''
import os

from tenuto.sdk import node


@node("bad.killer")
async def killer() -> None:
    """Take the process along."""
    os._exit(9)
'''


@pytest.mark.serial
def test_a_node_that_kills_its_process_is_put_aside_and_others_go_on(tmp_path: Path) -> None:
    """P12, SEMANTICS 35: after three resumes without a new result the run fails as `poison`; a good one ends."""
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "bad.py").write_text(KILLER)
    (tmp_path / "bad.yaml").write_text("flow: bad\nnodes:\n  a: {use: bad.killer}\n")
    good = "flow: good\nnodes:\n  w: {use: wait, with: {signal: go}}\n  e: {use: debug.echo, after: [w], with: {value: 1}}\n"
    (tmp_path / "good.yaml").write_text(good)

    def tenuto(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tenuto.cli", *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    tenuto("run", "good.yaml", "--name", "good", "--no-wait")
    tenuto("runs", "signal", "good", "go")
    codes = [tenuto("run", "bad.yaml", "--name", "bad").returncode]
    codes += [tenuto("resume").returncode for _ in range(3)]
    shown = tenuto("runs", "show", "bad", "--json")

    assert codes[:3] == [9, 9, 9]
    assert codes[3] == 1
    assert '"poison"' in shown.stdout
    assert '"succeeded"' in tenuto("runs", "show", "good", "--json").stdout
