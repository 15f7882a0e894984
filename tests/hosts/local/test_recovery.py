"""Runs leave memory and come back: after a crash, after a clean stop, when idle. Nothing that was recorded is done again."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hosts.local.harness import QUICK, LocalHarness, opened
from tenuto.core.events import NodeFailed
from tenuto.hosts.local.options import Options
from tenuto.hosts.local.recovery import Recovered
from tenuto.ports.engine import Refused, StartRequest
from tenuto.ports.journal import RunQuery
from tenuto.sdk import node
from tenuto.sdk.definition import definition_of
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.host_conformance import flow_of, library, node_type

FOUR = flow_of(
    "four",
    {
        "nodes": {
            "a": {"use": "test.echo", "with": {"value": 1}},
            "b": {"use": "test.echo", "with": {"value": "${a + 1}"}},
            "c": {"use": "test.sleep", "with": {"seconds": 0.15, "value": "${b + 1}"}},
            "d": {"use": "test.echo", "with": {"value": "${c + 1}"}},
        },
        "output": "${d}",
    },
)
ASK = flow_of("ask", {"nodes": {"ok": {"use": "approval", "with": {"question": "?"}}}, "output": "${ok.by}"})
MAIL = flow_of("mail", {"nodes": {"a": {"use": "test.mail", "with": {"text": "x", "seconds": 5}}}, "output": "${a}"})


async def recover(harness: LocalHarness, only: str | None = None) -> list[Recovered]:
    return [each async for each in harness.host.recover(only)]


async def started(harness: LocalHarness, flow: Any, moment: float = 0.05) -> str:
    run = await harness.host.start(StartRequest(flow))
    await asyncio.sleep(moment)
    return run


async def test_a_clean_stop_records_no_failure_and_the_next_owner_goes_on() -> None:
    """P13: unfinished attempts are handed back, not counted as failures."""
    journal = MemoryJournal()
    async with opened(journal, options=Options(grace=0.1, shutdown=0.01)) as harness:
        run = await started(harness, FOUR)
    kinds = [row.type for row in journal._facts[run]]
    async with opened(journal, epoch=2, clean=True) as harness:
        (taken,) = await recover(harness)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        recorded = [(fact.type, getattr(fact, "path", "")) for _, fact in await harness.facts(run)]

    assert "node.failed" not in kinds
    assert (taken.at, taken.total, taken.reused, taken.repeated, taken.doubtful) == (3, 4, 2, 0, 0)
    assert outcome.output == 4
    assert [path for kind, path in recorded if kind == "node.succeeded"] == ["a", "b", "c", "d"]


async def test_closing_lets_nodes_finish_that_are_nearly_done() -> None:
    journal = MemoryJournal()
    async with opened(journal, options=Options(grace=0.1, shutdown=1)) as harness:
        run = await started(harness, FOUR)

    done = [row.type for row in journal._facts[run]].count("node.succeeded")
    assert done == 3


async def test_a_once_node_that_was_cut_off_waits_for_a_person() -> None:
    """P4, SEMANTICS 23: the next owner does not repeat it; `retry` does, with the same key."""
    journal = MemoryJournal()
    async with opened(journal, options=Options(grace=0.1, shutdown=0.01)) as harness:
        run = await started(harness, MAIL)
    async with opened(journal, epoch=2, clean=False) as harness:
        (taken,) = await recover(harness)
        await asyncio.wait_for(harness.outcome(run, frozenset({"waiting"})), 2)
        await harness.signal(run, "a", {"decision": "done", "output": "by hand"})
        outcome = await harness.outcome(run)

    assert (taken.repeated, taken.doubtful) == (0, 1)
    assert outcome.output == "by hand"


async def test_only_the_run_that_was_asked_for_is_driven() -> None:
    """SEMANTICS 40: `resume RUN` leaves the others alone."""
    journal = MemoryJournal()
    async with opened(journal, options=Options(grace=0.1, shutdown=0.01)) as harness:
        first, second = await started(harness, FOUR), await started(harness, FOUR)
    async with opened(journal, epoch=2) as harness:
        taken = await recover(harness, first)
        await asyncio.wait_for(harness.outcome(first), 5)
        entry = await harness.host.history.entry(second)

    assert [each.run for each in taken] == [first]
    assert entry is not None
    assert entry.status == "running"


async def test_a_run_that_cannot_be_read_is_told_and_the_others_go_on() -> None:
    journal = MemoryJournal()
    async with opened(journal) as harness:
        bad, good = await started(harness, ASK), await started(harness, ASK)
    journal._facts[bad][0].type = "run.invented"
    async with opened(journal, epoch=2) as harness:
        taken = {each.run: each for each in await recover(harness)}
        await harness.signal(good, "ok", {"approved": True})
        assert (await harness.outcome(good)).status == "succeeded"
        with pytest.raises(Refused) as refused:
            await harness.signal(bad, "ok", {"approved": True})

    assert "newer Tenuto" in (taken[bad].trouble or "")
    assert taken[good].trouble is None
    assert refused.value.code == "unreadable"


async def test_poison_is_not_tried_for_ever() -> None:
    """SEMANTICS 35: three resumes in a row without a new result fail the run; its node did begin, as far as anybody knows."""
    journal = MemoryJournal()
    options = Options(grace=0.05, shutdown=0.0)
    sleepy = flow_of("sleepy", {"nodes": {"a": {"use": "test.sleep", "with": {"seconds": 9}}}})
    async with opened(journal, options=options) as harness:
        run = await started(harness, sleepy, 0.02)
    for epoch in (2, 3, 4):
        async with opened(journal, options=options, epoch=epoch, clean=False) as harness:
            await recover(harness)
            await asyncio.sleep(0.02)
    async with opened(journal, epoch=5) as harness:
        outcome = await harness.outcome(run)
        facts = [fact for _, fact in await harness.facts(run)]

    errors = [fact.error["message"] for fact in facts if isinstance(fact, NodeFailed)]
    assert (outcome.error or {})["type"] == "poison"
    assert errors == ["it may have been running when the process ended, and was not begun again"]


async def test_idle_runs_leave_memory_and_come_back_when_they_are_needed() -> None:
    journal = MemoryJournal()
    options = Options(resident=3, grace=0.1, shutdown=0.1)
    async with opened(journal, options=options) as harness:
        runs = [await harness.host.start(StartRequest(ASK)) for _ in range(20)]
        await asyncio.sleep(0.02)
        resident = len(harness.host.residents)
        await asyncio.gather(*(harness.signal(run, "ok", {"approved": True}) for run in runs))
        outcomes = await asyncio.wait_for(asyncio.gather(*map(harness.outcome, runs)), 5)

    assert resident == 3
    assert [outcome.status for outcome in outcomes] == ["succeeded"] * 20
    assert not any(row.type == "run.resumed" for rows in journal._facts.values() for row in rows)


async def test_an_idle_run_leaves_memory_after_a_while() -> None:
    options = Options(idle=0.05, grace=0.1, shutdown=0.1)
    async with opened(options=options) as harness:
        run = await started(harness, ASK, 0.2)
        resident = len(harness.host.residents)
        await harness.signal(run, "ok", {"approved": True})
        outcome = await harness.outcome(run)

    assert resident == 0
    assert outcome.status == "succeeded"


async def test_the_timer_of_a_run_that_left_memory_fires() -> None:
    wait = flow_of("wait", {"nodes": {"a": {"use": "wait", "with": {"for": "150ms"}}}})
    options = Options(idle=0.02, grace=0.1, shutdown=0.1)
    async with opened(options=options) as harness:
        run = await started(harness, wait, 0.08)
        resident = len(harness.host.residents)
        outcome = await asyncio.wait_for(harness.outcome(run), 2)

    assert resident == 0
    assert outcome.status == "succeeded"


async def test_a_parent_that_left_memory_learns_of_its_child() -> None:
    parent = flow_of("parent", {"nodes": {"sub": {"use": "call", "with": {"flow": "ask"}}}, "output": "${sub}"})
    options = Options(idle=0.02, grace=0.1, shutdown=0.1)
    journal = MemoryJournal()
    async with opened(journal, options=options) as harness:
        harness.flows.flows["ask"] = ASK
        run = await started(harness, parent, 0.1)
        resident = len(harness.host.residents)
        (child,) = await journal.runs(RunQuery(parent=run))
        await harness.host.signal(child.id, "ok", {"approved": True}, by="ada")
        outcome = await asyncio.wait_for(harness.outcome(run), 2)

    assert resident == 0
    assert outcome.output == "ada"


async def test_a_child_that_ended_while_nobody_was_there_is_found() -> None:
    """The parent's owner died between the end of the child and hearing of it."""
    parent = flow_of("parent", {"nodes": {"sub": {"use": "call", "with": {"flow": "ask"}}}, "output": "${sub}"})
    journal = MemoryJournal()
    async with opened(journal) as harness:
        harness.flows.flows["ask"] = ASK
        run = await started(harness, parent)
        (child,) = await journal.runs(RunQuery(parent=run))
    async with opened(journal, epoch=2) as harness:
        await recover(harness, child.id)
        await harness.host.signal(child.id, "ok", {"approved": True}, by="ben")
        await harness.outcome(child.id)
    async with opened(journal, epoch=3) as harness:
        await recover(harness)
        outcome = await asyncio.wait_for(harness.outcome(run), 2)

    assert outcome.output == "ben"


async def test_a_child_keeps_the_version_that_it_was_called_with() -> None:
    """SEMANTICS 39: resolved once; what the file says later does not matter."""
    parent = flow_of("parent", {"nodes": {"sub": {"use": "call", "with": {"flow": "sub"}}}, "output": "${sub}"})
    slow = {"nodes": {"a": {"use": "test.sleep", "with": {"seconds": 0.2, "value": "old"}}}, "output": "${a}"}
    journal = MemoryJournal()
    async with opened(journal, options=Options(grace=0.1, shutdown=0.0)) as harness:
        harness.flows.flows["sub"] = flow_of("sub", slow)
        run = await started(harness, parent)
    child = next(entry for entry in await journal.runs(RunQuery(parent=run)))
    del journal._facts[child.id], journal._entries[child.id]  # it had not been started yet
    async with opened(journal, epoch=2, clean=False) as harness:
        harness.flows.flows["sub"] = flow_of(
            "sub", {"nodes": {"a": {"use": "set", "with": {"value": "new"}}}, "output": "${a}"}
        )
        await recover(harness)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)

    assert outcome.output == "old"


async def test_starting_a_run_twice_is_harmless() -> None:
    """R24: a hundred at once, one run."""
    async with opened() as harness:
        request = StartRequest(ASK, run="the-one")
        runs = await asyncio.gather(*(harness.host.start(request) for _ in range(100)))
        await harness.host.start(request)
        facts = [fact.type for _, fact in await harness.facts("the-one")]

    assert set(runs) == {"the-one"}
    assert facts.count("run.started") == 1


async def test_a_retry_takes_over_files_steps_and_keys(tmp_path: Path) -> None:
    """SEMANTICS 38: a retry keeps its origin's idempotency keys; a fork has new ones."""
    keys: list[str] = []

    @node("retry.fails_first")
    async def fails_first(ctx: Any) -> str:
        keys.append(ctx.idempotency_key)
        if len(keys) == 1:
            raise ValueError("the first time")
        return "ok"

    definition = definition_of(fails_first)
    assert definition is not None
    flow = flow_of(
        "r",
        {"nodes": {"a": {"use": "retry.fails_first"}}, "output": "${a}"},
        {**library(), definition.name: node_type(definition)},
    )
    async with SqliteJournal(tmp_path) as journal, opened(journal, nodes={definition.name: definition}) as harness:
        run = await harness.host.start(StartRequest(flow))
        await harness.outcome(run)
        for kind in ("retry", "fork"):
            origin = {"run": run, "kind": kind, "redo": None, "before": None, "edits": {}}
            again = await harness.host.start(StartRequest(flow, origin=origin))
            assert (await harness.outcome(again)).output == "ok"

    assert keys[1] == keys[0]
    assert keys[2] != keys[0]


async def test_old_runs_are_deleted_when_they_are_old_enough() -> None:
    clock = [1_700_000_000.0]
    journal = MemoryJournal()
    options = Options(retention=3600, grace=QUICK.grace, shutdown=QUICK.shutdown)
    async with opened(journal, clock=lambda: clock[0], options=options) as harness:
        old = await harness.host.start(StartRequest(ASK))
        open_ = await harness.host.start(StartRequest(ASK))
        await harness.signal(old, "ok", {"approved": True})
        await harness.outcome(old)
        clock[0] += 3_000
        assert await harness.host._keeper.sweep(3_600) == 0
        clock[0] += 1_000
        assert await harness.host._keeper.sweep(3_600) == 1
        left = [entry.id for entry in await journal.runs(RunQuery())]

    assert left == [open_]
