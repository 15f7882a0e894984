"""R12: runs that are started, called or awaited in the very moment in which somebody takes over what is left."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hosts.local.harness import LocalHarness, opened
from tenuto.core.flow import Flow
from tenuto.ports.engine import StartRequest
from tenuto.sdk import Context, node
from tenuto.sdk.definition import definition_of
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing import invariants
from tenuto.testing.host_conformance import flow_of, library, node_type


class Counted:
    """A node that counts how often it is run for each run."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()

    def node(self) -> Any:
        @node("test.count")
        async def count(*, ctx: Context) -> None:
            """Count."""
            self.times[ctx.run] += 1
            await asyncio.sleep(0)

        return definition_of(count)


def _flow(definition: Any) -> Flow:
    types = {**library(), "test.count": node_type(definition)}
    nodes = {"ok": {"use": "wait", "with": {"for": "1ms"}}, "a": {"use": "test.count", "after": ["ok"]}}
    return flow_of("counted", {"nodes": nodes}, types)


async def _recover(harness: LocalHarness) -> int:
    return len([each async for each in harness.host.recover()])


async def _race(folder: Path, runs: int) -> None:
    counted = Counted()
    definition = counted.node()
    flow = _flow(definition)
    async with SqliteJournal(folder) as journal, opened(journal, {"test.count": definition}) as harness:
        left = [await harness.host.start(StartRequest(flow, run=f"old-{number:04}")) for number in range(runs)]
    before = Counter(counted.times)
    async with SqliteJournal(folder) as journal, opened(journal, {"test.count": definition}, epoch=2) as harness:
        sweeps = [asyncio.create_task(_recover(harness)) for _ in range(2)]
        starts = [harness.host.start(StartRequest(flow, run=f"new-{number:04}")) for number in range(runs)]
        again = [harness.host.start(StartRequest(flow, run=run)) for run in left]
        started = await asyncio.gather(*starts, *again)
        await asyncio.gather(*sweeps)
        for run in started:
            assert (await harness.outcome(run)).status == "succeeded"
        facts = {run: await harness.facts(run) for run in started}

    assert not invariants.check(facts, flows=dict.fromkeys(started, flow))
    assert all(counted.times[run] == 1 for run in started if not before[run])
    assert set(started) == {*left, *(f"new-{number:04}" for number in range(runs))}


async def test_a_start_in_the_moment_of_a_recovery_runs_once(tmp_path: Path) -> None:
    """R12: two who recover with the same list, and everybody starting; each run is executed once, none is stranded."""
    await _race(tmp_path, 60)


@pytest.mark.nightly
async def test_five_hundred_starts_in_the_moment_of_a_recovery_run_once(tmp_path: Path) -> None:
    """R12, whole."""
    await _race(tmp_path, 500)
