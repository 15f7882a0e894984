"""R25: exact times under many others."""

import asyncio
from pathlib import Path

import pytest

from hosts.local.harness import opened
from tenuto.core.durations import format_timestamp
from tenuto.core.events import TimerFired, TimerSet
from tenuto.ports.engine import StartRequest
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.host_conformance import flow_of


async def _play(folder: Path, count: int, within: float) -> None:
    """As many runs, each with a time of its own within some seconds."""
    flow = flow_of(
        "nap", {"input": {"due": "string"}, "nodes": {"a": {"use": "wait", "with": {"until": "${input.due}"}}}}
    )
    async with SqliteJournal(folder) as journal, opened(journal) as harness:
        first = harness.host.services.clock() + 1 + count / 2_000
        dues = [first + within * number / count for number in range(count)]
        runs = await asyncio.gather(
            *(harness.host.start(StartRequest(flow, {"due": format_timestamp(due)})) for due in dues)
        )
        await asyncio.gather(*(harness.outcome(run) for run in runs))
        late: list[float] = []
        for run in runs:
            facts = [fact for _, fact in await harness.facts(run)]
            (timer,) = [fact for fact in facts if isinstance(fact, TimerSet)]
            (fired,) = [fact for fact in facts if isinstance(fact, TimerFired)]
            late.append(fired.at - timer.due)

    late.sort()
    p99 = late[int(len(late) * 0.99)]
    assert late[0] >= 0, "early"
    assert p99 < 1.0, f"half of them late by {late[len(late) // 2]:.3f} s, one in a hundred by {p99:.3f} s"


@pytest.mark.serial
async def test_a_thousand_times_are_kept(tmp_path: Path) -> None:
    """R25, P7: none early, none a second late, each exactly once."""
    await _play(tmp_path, 1_000, 1.5)


@pytest.mark.serial
@pytest.mark.nightly
async def test_ten_thousand_times_are_kept(tmp_path: Path) -> None:
    """R25, whole."""
    await _play(tmp_path, 10_000, 20)
