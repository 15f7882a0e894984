"""SEMANTICS 33 and 48: how many runs of a flow, and how many nodes of a pool, go on at once."""

import asyncio
import time
from typing import Any

import pytest

from hosts.local.harness import LocalHarness, opened
from tenuto.core.flow import Flow
from tenuto.hosts.local.options import Options, PoolLimit
from tenuto.ports.engine import Refused, StartRequest
from tenuto.sdk import node
from tenuto.sdk.definition import definition_of
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.host_conformance import flow_of, library, node_type


def limited(when_full: str = "queue", limit: int = 1, key: str | None = "${input.who}") -> Flow:
    keyed = {} if key is None else {"key": key}
    return flow_of(
        "limited",
        {
            "input": {"who": {"type": "any", "default": None}} if key else {},
            "concurrency": {"limit": limit, "when_full": when_full, **keyed},
            "nodes": {"go": {"use": "wait", "with": {"signal": "go"}}},
            "output": "${go}",
        },
    )


async def start(harness: LocalHarness, flow: Flow, who: str | None = "ada") -> str:
    given = {"who": who} if flow.input_schema and flow.input_schema["properties"] else None
    return await harness.host.start(StartRequest(flow, given))


async def statuses(harness: LocalHarness, *runs: str) -> list[str]:
    for _ in range(10):
        await asyncio.sleep(0.002)
    entries = [await harness.host.history.entry(run) for run in runs]
    return [entry.status for entry in entries if entry is not None]


async def end(harness: LocalHarness, run: str) -> None:
    await harness.signal(run, "go", 1)
    await harness.outcome(run)


async def test_runs_over_the_limit_wait_for_their_turn_in_order() -> None:
    flow = limited()
    async with opened() as harness:
        first, second, third = [await start(harness, flow) for _ in range(3)]
        before = await statuses(harness, first, second, third)
        await end(harness, first)
        between = await statuses(harness, first, second, third)
        await end(harness, second)
        await end(harness, third)

    assert before == ["waiting", "queued", "queued"]
    assert between == ["succeeded", "waiting", "queued"]


async def test_another_key_has_a_place_of_its_own_and_null_has_no_limit() -> None:
    flow = limited()
    async with opened() as harness:
        runs = [await start(harness, flow, who) for who in ("ada", "ben", None, None)]
        assert await statuses(harness, *runs) == ["waiting"] * 4


async def test_without_a_key_the_limit_is_the_flows() -> None:
    flow = limited(key=None, limit=2)
    async with opened() as harness:
        runs = [await start(harness, flow) for _ in range(3)]
        assert await statuses(harness, *runs) == ["waiting", "waiting", "queued"]


async def test_reject_refuses_and_stores_nothing() -> None:
    flow = limited("reject")
    journal = MemoryJournal()
    async with opened(journal) as harness:
        first = await start(harness, flow)
        with pytest.raises(Refused) as refused:
            await start(harness, flow)
        kept = len(journal._entries)
        await end(harness, first)
        await start(harness, flow)

    assert refused.value.code == "full"
    assert kept == 1


async def test_cancel_oldest_gives_the_place_to_the_newest() -> None:
    """The new run is queued until the old one has ended; with a third, the second goes too."""
    flow = limited("cancel_oldest")
    async with opened() as harness:
        first = await start(harness, flow)
        second = await start(harness, flow)
        third = await start(harness, flow)
        assert (await harness.outcome(first)).status == "cancelled"
        assert (await harness.outcome(second)).status == "cancelled"
        assert await statuses(harness, third) == ["waiting"]
        await end(harness, third)


async def test_a_queued_run_is_cancelled_at_once() -> None:
    """SEMANTICS 26."""
    flow = limited()
    async with opened() as harness:
        first, second = await start(harness, flow), await start(harness, flow)
        await harness.cancel(second)
        outcome = await asyncio.wait_for(harness.outcome(second), 1)
        await end(harness, first)

    assert outcome.status == "cancelled"


async def test_places_and_queue_are_as_they_were_after_a_restart() -> None:
    """What a queued run was given is not lost either."""
    flow, journal = limited(), MemoryJournal()
    async with opened(journal) as harness:
        first, second, third = [await start(harness, flow) for _ in range(3)]
    async with opened(journal, epoch=2, clean=False) as harness:
        taken = [each.status async for each in harness.host.recover()]
        fourth = await start(harness, flow)
        before = await statuses(harness, first, second, third, fourth)
        await end(harness, first)
        after = await statuses(harness, first, second, third, fourth)

    assert taken == ["waiting", "queued", "queued"]
    assert before == ["waiting", "queued", "queued", "queued"]
    assert after == ["succeeded", "waiting", "queued", "queued"]


async def test_runs_that_nobody_takes_over_hold_their_places_all_the_same() -> None:
    """SEMANTICS 33: waiting runs hold their place, also where an owner drives only the run that it starts."""
    flow, journal = limited(), MemoryJournal()
    async with opened(journal) as harness:
        first = await start(harness, flow)
        other = await start(harness, flow, "ben")
    async with opened(journal, epoch=2) as harness:
        second, third = await asyncio.gather(start(harness, flow), start(harness, flow))
        before = await statuses(harness, first, other, second, third)
        with pytest.raises(Refused):
            await start(harness, limited("reject"), "ben")
        await end(harness, first)
        after = await statuses(harness, first, other, second, third)

    assert before == ["waiting", "waiting", "queued", "queued"]
    assert after == ["succeeded", "waiting", "waiting", "queued"]


async def test_a_queued_run_that_is_taken_over_alone_does_not_overtake() -> None:
    """`resume RUN` takes over that run only; the place is still another's."""
    flow, journal = limited(), MemoryJournal()
    async with opened(journal) as harness:
        first, second = await start(harness, flow), await start(harness, flow)
    async with opened(journal, epoch=2) as harness:
        taken = [each.status async for each in harness.host.recover(second)]
        before = await statuses(harness, first, second)
        await end(harness, first)
        after = await statuses(harness, first, second)

    assert taken == ["queued"]
    assert (before, after) == (["waiting", "queued"], ["succeeded", "waiting"])


async def test_a_run_of_an_earlier_owner_is_cancelled_for_a_newer_one() -> None:
    """`cancel_oldest` finds it, though it is not in memory."""
    flow, journal = limited("cancel_oldest"), MemoryJournal()
    async with opened(journal) as harness:
        first = await start(harness, flow)
    async with opened(journal, epoch=2) as harness:
        second = await start(harness, flow)
        assert (await harness.outcome(first)).status == "cancelled"
        assert await statuses(harness, second) == ["waiting"]


class Busy:
    """A node that knows how many of it run, and when each began."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0
        self.begun: list[float] = []

    def definition(self) -> Any:
        @node("pool.work")
        async def work(seconds: float) -> None:
            self.running += 1
            self.most = max(self.most, self.running)
            self.begun.append(time.monotonic())
            try:
                await asyncio.sleep(seconds)
            finally:
                self.running -= 1

        return definition_of(work)


async def pooled(limit: PoolLimit, count: int, seconds: float, act: Any = None) -> tuple[Busy, Any]:
    busy = Busy()
    definition = busy.definition()
    work = {"use": "pool.work", "pool": "few", "with": {"seconds": seconds}}
    types = {**library(), "pool.work": node_type(definition)}
    flow = flow_of("pooled", {"nodes": {f"n{number}": work for number in range(count)}}, types)
    options = Options(pools={"few": limit}, grace=0.5, shutdown=0.1)
    async with opened(nodes={"pool.work": definition}, options=options) as harness:
        runs = [await harness.host.start(StartRequest(flow)) for _ in range(2)]
        if act is not None:
            await act(harness, runs)
        return busy, [await asyncio.wait_for(harness.outcome(run), 30) for run in runs]


async def test_a_pool_limits_nodes_across_runs() -> None:
    busy, outcomes = await pooled(PoolLimit(concurrency=3), 6, 0.01)

    assert [outcome.status for outcome in outcomes] == ["succeeded"] * 2
    assert busy.most == 3
    assert len(busy.begun) == 12


@pytest.mark.serial
async def test_a_rate_spreads_the_beginnings() -> None:
    busy, _ = await pooled(PoolLimit(rate=100), 3, 0)

    gaps = [later - earlier for earlier, later in zip(busy.begun, busy.begun[1:], strict=False)]
    assert len(busy.begun) == 6
    assert min(gaps) > 0.005


async def test_a_cancelled_run_leaves_the_queue_of_its_pool() -> None:
    """Nodes that wait for a place never begin, and hold nobody up."""

    async def cancel_the_first(harness: LocalHarness, runs: list[str]) -> None:
        await asyncio.sleep(0.01)
        await harness.cancel(runs[0])

    busy, outcomes = await pooled(PoolLimit(concurrency=1), 3, 0.03, cancel_the_first)

    assert [outcome.status for outcome in outcomes] == ["cancelled", "succeeded"]
    assert len(busy.begun) == 4
