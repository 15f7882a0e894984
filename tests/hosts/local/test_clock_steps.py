"""R07: the clock of the machine is put forward or back while runs go on."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hosts.local.harness import LocalHarness, opened
from put_clock import PutClock, put_clock
from tenuto.core.events import NodeRetrying, TimerFired, TimerSet
from tenuto.core.flow import Flow
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import StartRequest
from tenuto.testing import invariants
from tenuto.testing.host_conformance import flow_of

__all__ = ["put_clock"]

HOUR, MONTH = 3_600.0, 30 * 86_400.0
STEPS = [HOUR, -HOUR, MONTH, -MONTH]


class Clock:
    """The machine's, put where the test wants it."""

    def __init__(self) -> None:
        self.put = 0.0

    def __call__(self) -> float:
        return time.time() + self.put


WORK = flow_of(
    "work",
    {
        "nodes": {
            "quick": {"use": "test.sleep", "with": {"seconds": 0.05, "value": 1}, "timeout": "10s"},
            "slow": {"use": "test.sleep", "with": {"seconds": 30}, "timeout": "150ms"},
            "late": {"use": "set", "after": ["slow.error"], "with": {"value": "${slow.error.type}"}},
        },
        "output": "${[quick, late]}",
    },
)
TIMED = flow_of(
    "timed",
    {
        "nodes": {
            "nap": {"use": "wait", "with": {"for": "80ms"}},
            "again": {"use": "test.flaky", "with": {"until": 2}, "retry": {"attempts": 2, "delay": "80ms"}},
            "end": {"use": "test.echo", "after": ["nap", "again"], "with": {"value": "there"}},
        },
        "output": "${end}",
    },
)


async def is_sound(harness: LocalHarness, run: str, flow: Flow) -> None:
    """The invariants hold, and no timer fired before its recorded time."""
    facts = await harness.facts(run)
    assert not invariants.check({run: facts}, flows={run: flow})
    due = {fact.path: fact.due for _, fact in facts if isinstance(fact, TimerSet | NodeRetrying)}
    fired = [fact for _, fact in facts if isinstance(fact, TimerFired)]
    assert all(fact.at >= due[fact.path] for fact in fired)


@pytest.mark.parametrize("step", STEPS)
async def test_timeouts_count_running_time_whatever_the_clock_does(step: float) -> None:
    """R07: a step neither fails a node that is quick nor spares one that is slow."""
    clock = Clock()
    async with opened(clock=clock, options=Options(grace=0.3)) as harness:
        run = await harness.host.start(StartRequest(WORK))
        await asyncio.sleep(0.02)
        clock.put = step

        outcome = await asyncio.wait_for(harness.outcome(run), 5)

        assert outcome.output == [1, "timeout"]
        await is_sound(harness, run, WORK)


@pytest.mark.parametrize("step", [HOUR, MONTH])
async def test_a_clock_that_is_put_forward_makes_times_come(step: float) -> None:
    """P7: what is due by the clock is due; nothing is left waiting for the old time."""
    clock = Clock()
    async with opened(clock=clock) as harness:
        run = await harness.host.start(StartRequest(TIMED))
        await asyncio.sleep(0.02)
        clock.put = step
        harness.host.services.timers.check()

        assert (await asyncio.wait_for(harness.outcome(run), 5)).output == "there"
        await is_sound(harness, run, TIMED)


@pytest.mark.parametrize("step", [-HOUR, -MONTH])
async def test_a_clock_that_is_put_back_keeps_times_waiting_until_it_is_there_again(step: float) -> None:
    """P7: never early. Once the clock is right again, everything goes on."""
    clock = Clock()
    async with opened(clock=clock) as harness:
        run = await harness.host.start(StartRequest(TIMED))
        await asyncio.sleep(0.02)
        clock.put = step
        await asyncio.sleep(0.2)
        early = [fact.type for _, fact in await harness.facts(run) if fact.type == "timer.fired"]
        clock.put = 0.0
        harness.host.services.timers.check()

        assert (await asyncio.wait_for(harness.outcome(run), 5)).output == "there"
        assert early == []
        await is_sound(harness, run, TIMED)


FLOW = "flow: timed\nnodes:\n  nap: {use: wait, with: {for: 1s}}\n  e: {use: debug.echo, after: [nap], with: {value: 1}}\noutput: ${e}\n"


@pytest.mark.nightly
@pytest.mark.parametrize("step", STEPS)
def test_a_process_whose_clock_is_another_one_resumes_what_the_last_one_left(
    tmp_path: Path, put_clock: PutClock, step: float
) -> None:
    """R07: the restart of a machine whose clock was wrong. Times that have passed by it fire; others wait."""
    (tmp_path / "timed.yaml").write_text(FLOW)
    tenuto = [sys.executable, "-m", "tenuto.cli"]
    subprocess.run([*tenuto, "run", "timed.yaml", "--name", "r", "--no-wait"], cwd=tmp_path, check=False, timeout=300)
    put_clock.put(step)
    environment = {**os.environ, **put_clock.environment}

    words = ["resume", "r", *(["--no-wait"] if step < 0 else [])]
    resumed = subprocess.run([*tenuto, *words], cwd=tmp_path, env=environment, check=False, timeout=300)
    right = subprocess.run([*tenuto, "resume", "r"], cwd=tmp_path, check=False, timeout=300)

    assert resumed.returncode == (3 if step < 0 else 0)
    assert right.returncode == 0
