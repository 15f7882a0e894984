"""Watching: what was recorded, then what happens; no gap, nothing twice, and a slow watcher costs nobody."""

import asyncio

import pytest

from hosts.local.harness import LocalHarness, opened
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Live, Refused, StartRequest
from tenuto.sdk import Context, node
from tenuto.sdk.definition import definition_of
from tenuto.testing.host_conformance import flow_of, library, node_type

MANY = flow_of(
    "many",
    {
        "nodes": {
            "go": {"use": "wait", "with": {"signal": "go"}},
            "all": {
                "use": "loop",
                "after": ["go"],
                "max": 300,
                "nodes": {"a": {"use": "test.echo", "with": {"value": 1}}},
            },
        }
    },
)


async def facts_seen(harness: LocalHarness, run: str, after: int = 0, pause: float = 0) -> list[int]:
    seen: list[int] = []
    async for live in harness.host.watch(run, after):
        if live.kind == "fact":
            seen.append(live.seq)
        if pause:
            await asyncio.sleep(pause)
    return seen


async def test_watchers_who_come_at_any_moment_see_every_fact_once_in_order() -> None:
    """P6."""
    async with opened() as harness:
        run = await harness.host.start(StartRequest(MANY))
        watchers = [asyncio.create_task(facts_seen(harness, run))]
        await harness.signal(run, "go", 1)
        for _ in range(5):
            await asyncio.sleep(0.004)
            watchers.append(asyncio.create_task(facts_seen(harness, run)))
        seen = await asyncio.wait_for(asyncio.gather(*watchers), 20)
        total = len(await harness.facts(run))
        late = await facts_seen(harness, run, after=total - 3)
        listeners = harness.host.services.hub.listeners

    assert seen == [list(range(1, total + 1))] * 6
    assert late == [total - 2, total - 1, total]
    assert listeners == {}


async def test_a_slow_watcher_is_sent_back_to_the_journal() -> None:
    """R16: what is kept for it is bounded, and it misses no fact."""
    options = Options(watch_queue=5, grace=0.1, shutdown=0.1)
    async with opened(options=options) as harness:
        run = await harness.host.start(StartRequest(MANY))
        slow = asyncio.create_task(facts_seen(harness, run, pause=0.001))
        await asyncio.sleep(0.01)
        await harness.signal(run, "go", 1)
        await harness.outcome(run)
        seen = await asyncio.wait_for(slow, 20)
        total = len(await harness.facts(run))

    assert seen == list(range(1, total + 1))


async def test_deltas_logs_and_what_runs_are_seen_live_and_not_recorded() -> None:
    @node("watch.talks")
    async def talks(*, ctx: Context) -> str:
        ctx.stream("a")
        ctx.log("working", step=1)
        ctx.stream("b")
        return "ab"

    definition = definition_of(talks)
    assert definition is not None
    flow = flow_of(
        "talks",
        {
            "nodes": {
                "go": {"use": "wait", "with": {"signal": "go"}},
                "a": {"use": "watch.talks", "after": ["go"]},
            }
        },
        {**library(), "watch.talks": node_type(definition)},
    )
    async with opened(nodes={"watch.talks": definition}) as harness:
        run = await harness.host.start(StartRequest(flow))
        seen: list[Live] = []

        async def look() -> None:
            seen.extend([live async for live in harness.host.watch(run)])

        watching = asyncio.create_task(look())
        await asyncio.sleep(0.01)
        await harness.signal(run, "go", 1)
        await asyncio.wait_for(watching, 5)
        recorded = [fact.type for _, fact in await harness.facts(run)]
        logs = await harness.host.services.logs.read(run)

    assert [live.data for live in seen if live.kind == "delta"] == ["a", "b"]
    assert [live.path for live in seen if live.kind == "running"] == ["a"]
    assert [line["text"] for line in logs] == ["working"]
    assert logs[0]["fields"] == {"step": 1}
    assert len(recorded) == len([live for live in seen if live.kind == "fact"])


async def test_who_comes_in_the_middle_of_an_answer_is_told_what_was_said_so_far() -> None:
    """The words since the last step (what was said before is recorded), each speaker by itself."""
    said, go_on = asyncio.Event(), asyncio.Event()

    @node("watch.speaks")
    async def speaks(*, ctx: Context) -> None:
        ctx.stream({"text": "recorded"})
        await ctx.step("one", lambda: 1)
        for piece in ({"text": "Fi"}, {"text": "", "again": True}, {"text": "Fine "}, {"text": "aside", "agent": "x"}):
            ctx.stream(piece)
        said.set()
        await go_on.wait()
        ctx.stream({"text": "tea."})

    definition = definition_of(speaks)
    assert definition is not None
    types = {**library(), "watch.speaks": node_type(definition)}
    flow = flow_of("speaks", {"nodes": {"a": {"use": "watch.speaks"}}}, types)
    async with opened(nodes={"watch.speaks": definition}) as harness:
        run = await harness.host.start(StartRequest(flow))
        await said.wait()
        watching = asyncio.create_task(_all(harness, run))
        await asyncio.sleep(0.02)
        go_on.set()
        seen = await asyncio.wait_for(watching, 5)

    assert [live.data for live in seen if live.kind == "delta"] == [
        {"text": "Fine ", "replayed": True},
        {"agent": "x", "text": "aside", "replayed": True},
        {"text": "tea."},
    ]


async def _all(harness: LocalHarness, run: str) -> list[Live]:
    return [live async for live in harness.host.watch(run)]


async def test_a_run_that_does_not_exist_is_refused() -> None:
    async with opened() as harness:
        with pytest.raises(Refused) as refused:
            await facts_seen(harness, "nothing")
        with pytest.raises(Refused):
            await harness.outcome("nothing")

    assert refused.value.code == "not_found"


async def test_whoever_waits_is_told_when_the_host_closes() -> None:
    from tenuto.hosts.local.host import HostClosed

    async with opened() as harness:
        run = await harness.host.start(StartRequest(MANY))
        waiting = asyncio.ensure_future(harness.outcome(run))
        await asyncio.sleep(0.01)

    with pytest.raises(HostClosed):
        await waiting
