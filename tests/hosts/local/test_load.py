"""What a host says of how busy it is."""

from hosts.local.harness import opened
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import StartRequest
from tenuto.ports.load import Load
from tenuto.testing.host_conformance import flow_of

BLOCKED = flow_of("blocked", {"nodes": {"a": {"use": "test.block", "with": {"seconds": 0.2}}}})
WAITS = flow_of("waits", {"nodes": {"a": {"use": "wait", "with": {"for": "1h"}}}})


async def test_a_host_says_what_is_in_it() -> None:
    """Runs at work, queued and idle, nodes, threads, times."""
    async with opened(options=Options(tenant_runs=1, threads=3)) as harness:
        waiting = await harness.host.start(StartRequest(WAITS))
        await harness.outcome(waiting, frozenset({"waiting"}))
        runs = [await harness.host.start(StartRequest(BLOCKED)) for _ in range(3)]

        assert harness.host.load() == Load(
            resident=4, at_work=1, queued=2, attempts=1, threads=3, threads_busy=1, timers=1
        )
        for run in runs:
            await harness.outcome(run)
        assert harness.host.load() == Load(
            resident=1, at_work=0, queued=0, attempts=0, threads=3, threads_busy=0, timers=1
        )
