"""R14: the first attempt has really ended before the second begins."""

import asyncio
import os
import signal
import sys
import threading
import time
from typing import Any

import pytest

from hosts.local.harness import opened
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import StartRequest
from tenuto.sdk import Context, node
from tenuto.sdk.definition import definition_of
from tenuto.testing.host_conformance import flow_of, library, node_type


class Log:
    """When attempts began and ended, whoever's thread it was."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, int]] = []
        self._lock = threading.Lock()

    def add(self, ctx: Context, what: str) -> None:
        with self._lock:
            self.lines.append((ctx.run, what, ctx.attempt))

    def of(self, run: str) -> list[tuple[str, int]]:
        return [(what, attempt) for each, what, attempt in self.lines if each == run]


def _nodes(log: Log) -> dict[str, Any]:
    @node("test.reluctant")
    async def reluctant(*, ctx: Context) -> None:
        """Takes its time to stop when it is told to."""
        log.add(ctx, "begins")
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.005)
            log.add(ctx, "ends")

    @node("test.thread")
    def thread(*, ctx: Context) -> None:
        """Looks now and then whether it is to stop."""
        log.add(ctx, "begins")
        while not ctx.cancelled:
            time.sleep(0.002)
        log.add(ctx, "ends")

    return {"test.reluctant": definition_of(reluctant), "test.thread": definition_of(thread)}


async def _play(use: str, runs: int) -> None:
    log = Log()
    nodes = _nodes(log)
    types = {**library(), **{name: node_type(each) for name, each in nodes.items()}}
    document = {"nodes": {"a": {"use": use, "timeout": "10ms", "retry": {"attempts": 2, "delay": "1ms"}}}}
    flow = flow_of("reluctant", document, types)
    async with opened(nodes=nodes, options=Options(grace=5)) as harness:
        started = [await harness.host.start(StartRequest(flow)) for _ in range(runs)]
        for run in started:
            outcome = await harness.outcome(run)
            assert (outcome.error or {}).get("type") == "timeout"

    assert [log.of(run) for run in started] == [[("begins", 1), ("ends", 1), ("begins", 2), ("ends", 2)]] * runs


@pytest.mark.parametrize("use", ["test.reluctant", "test.thread"])
async def test_an_attempt_that_timed_out_has_ended_before_the_next_begins(use: str) -> None:
    """R14: two hundred times, in tasks and in threads."""
    await _play(use, 100)


async def test_a_process_that_an_attempt_began_is_gone_before_the_next(tmp_path: Any) -> None:
    """R14: a node that starts a process and ends it when it is told to stop; never two of them at once."""
    pids = tmp_path / "pids"

    @node("test.child")
    async def child() -> None:
        """Run a program that would run for long."""
        program = "import os,time; open(os.environ['PIDS'],'a').write(f'{os.getpid()}\\n'); time.sleep(60)"
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, env={**os.environ, "PIDS": str(pids)}
        )
        try:
            await process.wait()
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()

    definition: Any = definition_of(child)
    document = {"nodes": {"a": {"use": "test.child", "timeout": "500ms", "retry": {"attempts": 3, "delay": "1ms"}}}}
    flow = flow_of("child", document, {**library(), "test.child": node_type(definition)})
    async with opened(nodes={"test.child": definition}, options=Options(grace=5)) as harness:
        run = await harness.host.start(StartRequest(flow))
        await harness.outcome(run)

    begun = [int(line) for line in pids.read_text().split()] if pids.exists() else []
    assert len(begun) == len(set(begun))
    for pid in begun:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
