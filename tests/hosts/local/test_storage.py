"""P11: when the disk refuses, nothing is acknowledged, nothing is lost, and work goes on when there is room again."""

import asyncio
from typing import Any

import pytest

from hosts.local.failing_journal import FailingJournal
from hosts.local.harness import LocalHarness, opened
from tenuto.core.flow import Flow
from tenuto.ports.engine import StartRequest
from tenuto.ports.journal import Damaged, StorageFull, Write
from tenuto.sdk import NodeDefinition, node
from tenuto.sdk.definition import definition_of
from tenuto.testing.host_conformance import flow_of
from tenuto.testing.invariants import check

CHAIN = flow_of(
    "chain",
    {
        "nodes": {
            "a": {"use": "test.sleep", "with": {"seconds": 0.02, "value": 1}},
            "b": {"use": "test.sleep", "with": {"seconds": 0.02, "value": "${a + 1}"}},
            "c": {"use": "test.echo", "with": {"value": "${b + 1}"}},
        },
        "output": "${c}",
    },
)
WAITING = flow_of("waiting", {"nodes": {"go": {"use": "wait", "with": {"signal": "go"}}}, "output": "${go}"})


async def start(harness: LocalHarness, flow: Flow) -> str:
    return await harness.host.start(StartRequest(flow))


async def test_a_full_disk_pauses_runs_and_their_results_are_kept_until_there_is_room() -> None:
    """A result that could not be written is not computed again: it is said again when there is room."""
    calls: list[int] = []

    @node("test.count")
    async def count() -> int:
        calls.append(1)
        await asyncio.sleep(0.01)
        return len(calls)

    flow = flow_of_any({"nodes": {"a": {"use": "test.count"}}, "output": "${a}"})
    journal = FailingJournal()
    async with opened(journal, nodes=registered(count)) as harness:
        run = await start(harness, flow)
        journal.full = True
        await until(lambda: journal.refused >= 3)
        journal.full = False
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        recorded = list(await harness.facts(run))

    assert outcome.output == 1
    assert calls == [1]
    assert check({run: recorded}) == []


async def test_many_runs_go_on_after_a_full_disk() -> None:
    journal = FailingJournal()
    async with opened(journal) as harness:
        runs = [await start(harness, CHAIN) for _ in range(20)]
        for _ in range(3):
            journal.full = True
            await asyncio.sleep(0.03)
            journal.full = False
            await asyncio.sleep(0.03)
        outcomes = await asyncio.wait_for(asyncio.gather(*map(harness.outcome, runs)), 10)
        recorded = {run: list(await harness.facts(run)) for run in runs}

    assert [outcome.output for outcome in outcomes] == [3] * 20
    assert check(recorded, flows=dict.fromkeys(runs, CHAIN)) == []


async def test_whoever_watches_is_told_that_the_disk_is_full() -> None:
    """A run that pauses must not look like one that hangs."""
    journal = FailingJournal()
    async with opened(journal) as harness:
        run = await start(harness, WAITING)
        told: list[str] = []
        harness.host.services.hub.listen(run, lambda live: told.append(str(live.data)) if live.kind == "log" else None)
        journal.full = True
        with pytest.raises(StorageFull):
            await harness.host.signal(run, "go", 1)
        journal.full = False

    assert len(told) == 1
    assert "goes on by itself when there is room" in told[0]


async def test_nothing_is_acknowledged_while_the_disk_is_full() -> None:
    """P1: a start, a signal and a cancel are answered with the error, and have not happened."""
    journal = FailingJournal()
    async with opened(journal) as harness:
        run = await start(harness, WAITING)
        journal.full = True
        with pytest.raises(StorageFull):
            await start(harness, WAITING)
        with pytest.raises(StorageFull):
            await harness.host.signal(run, "go", 1)
        await asyncio.sleep(0.1)
        with pytest.raises(StorageFull):
            await harness.host.cancel(run)
        journal.full = False
        await asyncio.sleep(0.3)
        await harness.host.signal(run, "go", 2)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)

    assert outcome.output == 2
    assert len(await journal.runs(_everything())) == 1


async def test_a_broken_disk_stops_the_host_and_tells_whoever_waits() -> None:
    """P11: after a failed flush nothing is tried again; the owner is told and leaves."""
    journal = FailingJournal()
    async with opened(journal) as harness:
        run = await start(harness, CHAIN)
        waiting = asyncio.ensure_future(harness.outcome(run))
        await asyncio.sleep(0)
        journal.broken = Damaged("The disk cannot be trusted.")
        with pytest.raises(Damaged):
            await asyncio.wait_for(waiting, 2)
        with pytest.raises(Damaged):
            await asyncio.wait_for(asyncio.shield(harness.host.failure), 1)
        with pytest.raises(Damaged):
            await start(harness, CHAIN)


async def test_a_fault_of_the_heart_ends_only_its_own_run_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """R19: a run that the heart cannot go on with is dropped with its error; the others do not notice."""
    from tenuto.hosts.local import run as run_module

    real = run_module.decide

    def decide(state: Any, said: Any, most: int) -> Any:
        if state.about.name == "bad" and getattr(said, "path", "") == "a":
            raise AssertionError("a fault")
        return real(state, said, most)

    monkeypatch.setattr(run_module, "decide", decide)
    async with opened() as harness:
        bad = await harness.host.start(StartRequest(CHAIN, name="bad"))
        good = await harness.host.start(StartRequest(CHAIN, name="good"))
        with pytest.raises(AssertionError, match="a fault"):
            await asyncio.wait_for(harness.outcome(bad), 5)
        outcome = await asyncio.wait_for(harness.outcome(good), 5)

    assert outcome.output == 3


def registered(function: Any) -> dict[str, NodeDefinition]:
    definition = definition_of(function)
    assert definition is not None
    return {definition.name: definition}


def flow_of_any(document: dict[str, Any]) -> Flow:
    from tenuto.core.flow import read

    flow, problems = read({"flow": "any", **document})
    assert flow is not None, problems
    return flow


async def until(holds: Any) -> None:
    while not holds():  # noqa: ASYNC110  what it looks at has no event
        await asyncio.sleep(0.005)


def _everything() -> Any:
    from tenuto.ports.journal import RunQuery

    return RunQuery(limit=500)


async def test_what_cannot_be_kept_ends_only_its_own_run_here() -> None:
    """R15: a journal that refuses the values of one write goes on with the others, and so does the host."""

    class Picky(FailingJournal):
        def _error(self, write: Write) -> BaseException | None:
            return ValueError("too long") if write.entry and write.entry.name == "odd" else super()._error(write)

    async with opened(Picky()) as harness:
        with pytest.raises(ValueError, match="too long"):
            await harness.host.start(StartRequest(CHAIN, name="odd"))
        run = await start(harness, CHAIN)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)

        assert outcome.output == 3
        assert not harness.host.failure.done()
