"""P13, R20: a host that stops hands back what runs, and counts nothing of it as a failure."""

import asyncio
import time
from pathlib import Path
from typing import Any

from hosts.local.harness import opened
from tenuto.core.events import RunResumed
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import StartRequest
from tenuto.sdk import Context, node
from tenuto.sdk.definition import definition_of
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing import invariants
from tenuto.testing.host_conformance import flow_of, library, node_type

COUNT = 100


def _patient(mood: dict[str, bool], begun: list[str]) -> Any:
    @node("test.patient")
    async def patient(*, ctx: Context) -> int:
        """Goes on until the mood is to end."""
        begun.append(ctx.run)
        while not mood["end"]:  # noqa: ASYNC110  it asks, as a poller does
            await asyncio.sleep(0.01)
        return ctx.attempt

    return definition_of(patient)


async def test_a_hundred_in_flight_are_handed_back(tmp_path: Path) -> None:
    """R20: no failed attempt is recorded, nothing new begins, it takes no longer than allowed; the next owner ends them."""
    mood, begun = {"end": False}, list[str]()
    definition = _patient(mood, begun)
    types = {**library(), "test.patient": node_type(definition)}
    retrying = {"use": "test.patient", "retry": {"attempts": 3}}
    flow = flow_of(
        "patient",
        {"nodes": {"a": retrying, "b": {"use": "test.echo", "with": {"value": "${a}"}}}, "output": "${b}"},
        types,
    )
    nodes = {"test.patient": definition}
    options = Options(grace=0.5, shutdown=0.2, idle=60)
    async with SqliteJournal(tmp_path) as journal, opened(journal, nodes, options=options) as harness:
        runs = [await harness.host.start(StartRequest(flow)) for _ in range(COUNT)]
        while len(begun) < COUNT:  # noqa: ASYNC110  the nodes say nothing when they begin
            await asyncio.sleep(0.01)
        stopping = time.monotonic()
    took = time.monotonic() - stopping
    mood["end"] = True
    async with (
        SqliteJournal(tmp_path) as journal,
        opened(journal, nodes, options=options, epoch=2, clean=journal.previous_clean) as harness,
    ):
        left = {run: [fact.type for _, fact in await harness.facts(run)] for run in runs}
        taken = [each async for each in harness.host.recover()]
        outputs = [(await harness.outcome(run)).output for run in runs]
        facts = {run: await harness.facts(run) for run in runs}

    assert took < 5
    assert all(kinds == ["run.started"] for kinds in left.values())
    assert len(taken) == COUNT
    assert outputs == [1] * COUNT, "the attempt that was handed back counts as none"
    assert not invariants.check(facts, flows=dict.fromkeys(runs, flow))
    assert all(fact.clean for recorded in facts.values() for _, fact in recorded if isinstance(fact, RunResumed))


async def test_stopping_a_hundred_times_is_no_poison(tmp_path: Path) -> None:
    """SEMANTICS 35 counts processes that died, not those that left in order: a rolling restart fails nobody."""
    mood, begun = {"end": False}, list[str]()
    definition = _patient(mood, begun)
    flow = flow_of(
        "patient", {"nodes": {"a": {"use": "test.patient"}}}, {**library(), "test.patient": node_type(definition)}
    )
    nodes, options = {"test.patient": definition}, Options(grace=0.1, shutdown=0.01)
    run = ""
    for epoch in range(1, 8):
        async with (
            SqliteJournal(tmp_path) as journal,
            opened(journal, nodes, options=options, epoch=epoch, clean=True) as harness,
        ):
            run = run or await harness.host.start(StartRequest(flow))
            async for _ in harness.host.recover():
                pass
            while len(begun) < epoch:  # noqa: ASYNC110  as above
                await asyncio.sleep(0.005)
    mood["end"] = True
    async with (
        SqliteJournal(tmp_path) as journal,
        opened(journal, nodes, options=options, epoch=9, clean=True) as harness,
    ):
        async for _ in harness.host.recover():
            pass

        assert (await harness.outcome(run)).status == "succeeded"
