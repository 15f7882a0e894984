"""A run that waits for a child that waits is waiting too (SEMANTICS 36, 41)."""

import asyncio

from hosts.local.harness import opened
from tenuto.testing.host_conformance import flow_of

CHILD = flow_of("child", {"nodes": {"ok": {"use": "approval", "with": {"question": "?"}}}, "output": "${ok.by}"})
MIDDLE = flow_of("middle", {"nodes": {"c": {"use": "call", "with": {"flow": "child"}}}})
PARENT = flow_of("parent", {"nodes": {"m": {"use": "call", "with": {"flow": "middle"}}}})
WAITING = frozenset({"waiting"})


def test_a_run_whose_grandchild_waits_for_an_approval_is_waiting() -> None:
    """Whoever waits until it waits is told, however late he asks."""

    async def play() -> None:
        async with opened() as harness:
            run = await harness.start(PARENT, flows={"child": CHILD, "middle": MIDDLE})

            first = await asyncio.wait_for(harness.outcome(run, WAITING), 5)
            later = await asyncio.wait_for(harness.outcome(run, WAITING), 5)

            assert (first.status, later.status) == ("waiting", "waiting")

    asyncio.run(play())
