"""SECURITY 90: how many runs of a tenant are at work at once, who waits, and whose turn it is."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hosts.local.failing_journal import FailingJournal
from hosts.local.harness import LocalHarness, opened
from tenuto.core.flow import Flow
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Refused, StartRequest
from tenuto.ports.journal import RunQuery
from tenuto.ports.quotas import Quota
from tenuto.sdk import Context, node
from tenuto.sdk.definition import definition_of
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.host_conformance import flow_of, library, node_type


class Gate:
    """A node that returns when it is let."""

    def __init__(self) -> None:
        self.inside: list[str] = []
        self._open: dict[str, asyncio.Future[None]] = {}

    def node(self) -> Any:
        @node("test.gate")
        async def gate(*, ctx: Context) -> None:
            """Wait until it is let."""
            self.inside.append(ctx.run)
            self._open[ctx.run] = asyncio.get_running_loop().create_future()
            await self._open[ctx.run]

        return definition_of(gate)

    def let(self, run: str) -> None:
        self._open[run].set_result(None)

    async def until(self, count: int) -> None:
        while len(self.inside) < count:  # noqa: ASYNC110  the nodes say nothing when they begin
            await asyncio.sleep(0.001)


@asynccontextmanager
async def gated(journal: Any = None, **options: Any) -> AsyncGenerator[tuple[LocalHarness, Gate, Flow]]:
    gate = Gate()
    definition = gate.node()
    types = {**library(), "test.gate": node_type(definition)}
    flow = flow_of("gated", {"nodes": {"a": {"use": "test.gate"}}}, types)
    settings = Options(grace=0.3, shutdown=0.05, **options)
    async with opened(journal, {"test.gate": definition}, options=settings) as harness:
        yield harness, gate, flow


async def start(harness: LocalHarness, flow: Flow, tenant: str = "noisy", **more: Any) -> str:
    return await harness.host.start(StartRequest(flow, tenant=tenant, **more))


async def status(harness: LocalHarness, run: str) -> str:
    entry = await harness.host.history.entry(run)
    assert entry is not None
    return entry.status


async def test_runs_over_the_quota_are_queued_and_begin_in_order() -> None:
    """The first come first; `run.queued` stands in their journal."""
    async with gated(tenant_runs=2) as (harness, gate, flow):
        runs = [await start(harness, flow) for _ in range(5)]
        await gate.until(2)
        assert [await status(harness, run) for run in runs] == ["running"] * 2 + ["queued"] * 3

        for count, run in enumerate(runs, 1):
            gate.let(run)
            await harness.outcome(run)
            await gate.until(min(count + 2, 5))

        assert gate.inside == runs
        facts = [fact.type for _, fact in await harness.facts(runs[4])]
        assert facts[:2] == ["run.queued", "run.started"]


async def test_a_run_that_waits_takes_no_place() -> None:
    """At work is what has something in flight; a thousand approvals hold nobody up."""
    asks = flow_of("asks", {"nodes": {"ok": {"use": "approval", "with": {"question": "?"}}}})
    async with opened(options=Options(tenant_runs=1)) as harness:
        runs = [await start(harness, asks) for _ in range(5)]
        for run in runs:
            await harness.outcome(run, frozenset({"waiting"}))

        for run in reversed(runs):
            await harness.signal(run, "ok", {"approved": True})
            assert (await harness.outcome(run)).status == "succeeded"


async def test_called_runs_are_not_queued() -> None:
    """Their caller holds the place: a tenant with one place would wait for itself."""
    document = {"nodes": {"c": {"use": "call", "with": {"flow": "sub"}}}, "output": "${c}"}
    sub = flow_of(
        "sub", {"nodes": {"a": {"use": "test.sleep", "with": {"seconds": 0.01, "value": 1}}}, "output": "${a}"}
    )
    async with opened(options=Options(tenant_runs=1)) as harness:
        harness.flows.flows["sub"] = sub
        runs = [await start(harness, flow_of("caller", document)) for _ in range(3)]

        assert [(await harness.outcome(run)).output for run in runs] == [1, 1, 1]


async def test_tenants_take_turns() -> None:
    """A long queue of one does not stand before the only run of another."""
    async with gated(runs=1) as (harness, gate, flow):
        noisy = [await start(harness, flow, "noisy") for _ in range(4)]
        quiet = [await start(harness, flow, "quiet") for _ in range(2)]

        for count in range(1, 7):
            await gate.until(count)
            gate.let(gate.inside[-1])

        assert gate.inside == [noisy[0], noisy[1], quiet[0], noisy[2], quiet[1], noisy[3]]


async def test_the_limit_of_one_tenant_is_not_that_of_another() -> None:
    """Each has its own places."""
    async with gated(tenant_runs=1) as (harness, gate, flow):
        for tenant in ("a", "b", "c"):
            await start(harness, flow, tenant)

        await gate.until(3)
        for run in gate.inside:
            gate.let(run)


async def test_a_queue_that_is_full_refuses_and_keeps_nothing() -> None:
    """429 over HTTP: `quota`; another tenant is not concerned."""
    journal = MemoryJournal()
    async with gated(journal, tenant_runs=1, tenant_queue=2) as (harness, gate, flow):
        for _ in range(3):
            await start(harness, flow)
        with pytest.raises(Refused) as refused:
            await start(harness, flow)
        await start(harness, flow, "quiet")

        assert refused.value.code == "quota"
        assert len(await journal.runs(RunQuery(tenant="noisy"))) == 3
        await gate.until(2)
        gate.let(gate.inside[0])
        await gate.until(3)
        await start(harness, flow)


async def test_what_waits_for_a_place_of_its_flow_counts_as_queued() -> None:
    """SEMANTICS 33: whatever a run is queued for, it is queued; the place is not kept for one that was refused."""
    document = {"concurrency": {"limit": 1}, "nodes": {"go": {"use": "wait", "with": {"signal": "go"}}}}
    flow = flow_of("limited", document)
    async with opened(options=Options(tenant_queue=1)) as harness:
        first, second = [await start(harness, flow) for _ in range(2)]
        with pytest.raises(Refused) as refused:
            await start(harness, flow)

        assert refused.value.code == "quota"
        for run in (first, second):
            await harness.signal(run, "go", 1)
            await harness.outcome(run)
        await start(harness, flow)


async def test_a_quota_can_be_changed_while_runs_wait() -> None:
    """More room is used at once; less holds up who has not begun."""
    async with gated(tenant_runs=1) as (harness, gate, flow):
        for _ in range(4):
            await start(harness, flow)
        await gate.until(1)

        harness.host.set_quota("noisy", Quota(runs=3))
        await gate.until(3)
        harness.host.set_quota("noisy", Quota(runs=1))
        gate.let(gate.inside[0])
        await harness.outcome(gate.inside[0])
        await asyncio.sleep(0.02)

        assert len(gate.inside) == 3


async def test_a_queued_run_can_be_cancelled_and_its_turn_is_the_next_ones() -> None:
    """SEMANTICS 26: at once."""
    async with gated(tenant_runs=1) as (harness, gate, flow):
        first, second, third = [await start(harness, flow) for _ in range(3)]
        await gate.until(1)

        await harness.cancel(second)
        assert (await harness.outcome(second)).status == "cancelled"
        gate.let(first)
        await gate.until(2)

        assert gate.inside == [first, third]
        gate.let(third)


async def test_the_queue_survives_a_restart(tmp_path: Path) -> None:
    """P1: what was queued is queued again, in its order, and begins when there is room."""
    async with SqliteJournal(tmp_path) as journal, gated(journal, tenant_runs=1) as (harness, gate, flow):
        runs = [await start(harness, flow) for _ in range(4)]
        await gate.until(1)
    async with SqliteJournal(tmp_path) as journal, gated(journal, tenant_runs=1) as (harness, gate, flow):
        async for _ in harness.host.recover():
            pass
        for count in range(1, 5):
            await gate.until(count)
            assert [await status(harness, run) for run in runs[count:]] == ["queued"] * (4 - count)
            gate.let(gate.inside[-1])
            await harness.outcome(gate.inside[-1])

        assert gate.inside == runs


async def test_queued_runs_that_left_memory_come_back_for_their_turn(tmp_path: Path) -> None:
    """A queue may be longer than memory is kept for."""
    async with SqliteJournal(tmp_path) as journal, gated(journal, tenant_runs=1, resident=1) as (harness, gate, flow):
        runs = [await start(harness, flow) for _ in range(30)]
        assert len(harness.host.residents) < 15

        for count in range(1, 31):
            await gate.until(count)
            gate.let(gate.inside[-1])

        assert gate.inside == runs


async def _times(harness: LocalHarness, flow: Flow, count: int) -> list[float]:
    """How long runs of the quiet tenant take, one after the other."""
    times: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await harness.outcome(await start(harness, flow, "quiet"))
        times.append(time.perf_counter() - began)
    return sorted(times)


def _p95(times: Sequence[float]) -> float:
    return times[int(len(times) * 0.95)]


@pytest.mark.serial
@pytest.mark.parametrize("noise", [1_000, pytest.param(10_000, marks=pytest.mark.nightly)])
async def test_a_noisy_tenant_does_not_double_the_p95_of_a_quiet_one(tmp_path: Path, noise: int) -> None:
    """SECURITY 90: 10,000 runs that are queued beside the ten of another tenant."""
    pause = {"use": "test.sleep", "with": {"seconds": 0.02}}
    flow = flow_of("sleepy", {"nodes": {"a": pause, "b": {**pause, "after": ["a"]}}})
    async with SqliteJournal(tmp_path) as journal, opened(journal, options=Options(tenant_runs=10)) as harness:
        alone = _p95(await _times(harness, flow, 20))
        noisy = await asyncio.gather(*(start(harness, flow) for _ in range(noise)))

        beside = _p95(await _times(harness, flow, 10))

        assert [await status(harness, run) for run in noisy[-3:]] == ["queued"] * 3
        assert beside < 2 * alone + 0.02, (alone, beside)  # a scheduler's slice of this machine besides


@pytest.mark.parametrize("held_by", ["quota", "flow"])
async def test_a_run_whose_beginning_could_not_be_written_begins_when_there_is_room(held_by: str) -> None:
    """P11: the disk was full in the moment when its turn came; nobody asks for it again."""
    limit = {"concurrency": {"limit": 1}} if held_by == "flow" else {}
    document = {**limit, "nodes": {"a": {"use": "test.sleep", "with": {"seconds": 0.02}}}}
    flow = flow_of("one", document)
    journal = FailingJournal()
    options = Options(storage_retry=0.02, tenant_runs=1 if held_by == "quota" else None)
    async with opened(journal, options=options) as harness:
        first, second = [await start(harness, flow) for _ in range(2)]
        running = asyncio.create_task(harness.outcome(first))
        while not running.done():  # noqa: ASYNC110  its end is durable then, and the other about to begin
            await asyncio.sleep(0)
        journal.full = True
        await asyncio.sleep(0.05)
        journal.full = False

        outcome = await asyncio.wait_for(harness.outcome(second), 5)

    assert outcome.status == "succeeded"
    assert journal.refused > 0
