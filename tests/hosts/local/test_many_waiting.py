"""R17: many runs that wait, in little memory, and all of them go on."""

import asyncio
import resource
import time
from pathlib import Path

import pytest

from hosts.local.harness import opened
from tenuto.ports.engine import StartRequest
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.host_conformance import flow_of

ASK = flow_of(
    "ask",
    {
        "nodes": {
            "a": {"use": "test.echo", "with": {"value": 1}},
            "ok": {"use": "approval", "after": ["a"], "with": {"question": "?"}, "timeout": "1d"},
            "b": {"use": "test.echo", "after": ["ok.approved"], "with": {"value": "${a + 1}"}},
        },
        "output": "${b}",
    },
)


def _memory() -> float:
    """Resident, in megabytes, now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def _play(folder: Path, count: int, megabytes: float, seconds: float) -> None:
    async with SqliteJournal(folder) as journal, opened(journal) as harness:
        before = _memory()
        runs: list[str] = []
        for _ in range(0, count, 100):
            runs += await asyncio.gather(*(harness.host.start(StartRequest(ASK)) for _ in range(100)))
        for run in runs:
            await harness.outcome(run, frozenset({"waiting"}))
        grown = _memory() - before
        began = time.process_time()
        await asyncio.sleep(1)
        idle = time.process_time() - began
    async with SqliteJournal(folder) as journal, opened(journal, epoch=2) as harness:
        began = time.monotonic()
        taken = [each async for each in harness.host.recover()]
        for first in range(0, count, 100):
            some = runs[first : first + 100]
            await asyncio.gather(*(harness.signal(run, "ok", {"approved": True}) for run in some))
        outputs = [(await harness.outcome(run)).output for run in runs]
        took = time.monotonic() - began

    assert len(taken) == count
    assert outputs == [2] * count
    assert grown < megabytes, grown
    assert took < seconds, took
    assert idle < 0.1, idle


@pytest.mark.serial
def test_five_hundred_waiting_runs_all_go_on(tmp_path: Path) -> None:
    """R17: after a restart, in little memory, at no cost while they wait."""
    asyncio.run(_play(tmp_path, 500, 100, 30))


@pytest.mark.serial
@pytest.mark.nightly
def test_ten_thousand_waiting_runs_all_go_on(tmp_path: Path) -> None:
    """R17, whole: less than 600 MB, all of them within 120 s."""
    asyncio.run(_play(tmp_path, 10_000, 600, 120))
