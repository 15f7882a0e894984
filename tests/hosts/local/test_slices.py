"""What one word causes is decided and done a slice at a time: others have their turn, and the run is none the worse."""

import asyncio
from typing import Any

import pytest

from hosts.local.failing_journal import FailingJournal
from hosts.local.harness import opened
from tenuto.core.inputs import Start
from tenuto.core.machine import About, decide, new_state
from tenuto.hosts.local import run as run_module
from tenuto.hosts.local import slices as slices_module
from tenuto.hosts.local.slices import Slices
from tenuto.ports.engine import StartRequest
from tenuto.testing.host_conformance import flow_of
from tenuto.testing.invariants import check

MANY: dict[str, Any] = {f"n{number}": {"use": "set", "with": {"value": number}} for number in range(20)}
FAN = flow_of(
    "fan",
    {
        "nodes": {
            **MANY,
            "work": {"use": "test.echo", "with": {"value": 1}},
            "go": {"use": "wait", "after": list(MANY), "with": {"signal": "go"}},
            "last": {"use": "set", "with": {"value": "${n19 + work + go}"}},
        },
        "output": "${last}",
    },
)


@pytest.fixture(autouse=True)
def thin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices so thin that small flows have many."""
    monkeypatch.setattr(run_module, "SLICE", 2)
    monkeypatch.setattr(slices_module, "SLICE", 2)


async def test_a_long_decision_lets_others_have_their_turn_and_comes_to_the_same_facts() -> None:
    async with opened() as harness:
        run = await harness.host.start(StartRequest(FAN))
        recorded = await harness.facts(run)
        first = len(recorded)
        await harness.host.signal(run, "go", 1)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        recorded = await harness.facts(run)

    at_once = decide(new_state(FAN, About("run", "name")), Start(0.0))
    assert first < len(at_once)
    assert outcome.output == 21
    assert _said(fact for _, fact in recorded)[: len(at_once)] == _said(at_once)
    assert check({run: list(recorded)}, flows={run: FAN}) == []


async def test_nothing_begins_before_all_is_decided() -> None:
    """A command may be overtaken by what the same word causes: it leaves when that is known."""
    async with opened() as harness:
        run = await harness.host.start(StartRequest(FAN))
        driver = harness.host.residents.get(run)
        assert driver is not None
        assert driver.deciding
        assert not driver.attempts
        await driver.decided()
        await asyncio.wait_for(harness.outcome(run, frozenset({"waiting"})), 5)

        assert driver.state.nodes["work"].status == "succeeded"


async def test_a_cancel_in_the_middle_of_a_decision_is_heard_after_it() -> None:
    """R17: once it is answered nothing begins any more."""
    async with opened() as harness:
        run = await harness.host.start(StartRequest(FAN))
        await harness.host.cancel(run)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        recorded = await harness.facts(run)

    assert outcome.status == "cancelled"
    assert check({run: list(recorded)}, flows={run: FAN}) == []


async def test_a_full_disk_in_the_middle_of_a_decision_loses_nothing() -> None:
    """What was decided and not kept is decided again when there is room, what was said meanwhile after it."""
    journal = FailingJournal()
    async with opened(journal) as harness:
        run = await harness.host.start(StartRequest(FAN))
        driver = harness.host.residents.get(run)
        assert driver is not None
        journal.full = True
        said = asyncio.ensure_future(harness.host.signal(run, "go", 1))
        await asyncio.sleep(0.1)
        journal.full = False
        await asyncio.gather(said, return_exceptions=True)
        await asyncio.wait_for(harness.outcome(run, frozenset({"waiting", "succeeded"})), 5)
        if said.exception() is not None:
            await harness.host.signal(run, "go", 1)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        recorded = await harness.facts(run)

    assert outcome.output == 21
    assert check({run: list(recorded)}, flows={run: FAN}) == []


async def test_a_fault_of_the_heart_in_a_later_slice_is_told_to_whoever_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    def proceed(*_: Any) -> Any:
        raise AssertionError("a fault")

    monkeypatch.setattr(run_module, "proceed", proceed)
    async with opened() as harness:
        with pytest.raises(AssertionError):
            await asyncio.wait_for(harness.host.start(StartRequest(FAN)), 5)

        assert not len(harness.host.residents)


class TestSlices:
    async def test_few_are_carried_out_at_once(self) -> None:
        done: list[Any] = []
        slices = Slices(done.extend)

        slices.add(["a", "b"])  # pyright: ignore[reportArgumentType]  any thing will do

        assert done == ["a", "b"]
        assert not slices

    async def test_many_are_carried_out_in_their_order_over_several_turns(self) -> None:
        done: list[list[Any]] = []
        slices = Slices(lambda some: done.append(list(some)))

        slices.add(["a", "b", "c"])  # pyright: ignore[reportArgumentType]  any thing will do
        slices.add(["d"])  # pyright: ignore[reportArgumentType]  any thing will do
        assert slices
        for _ in range(3):
            await asyncio.sleep(0)

        assert done == [["a", "b"], ["c", "d"]]


def _said(facts: Any) -> list[tuple[str, str]]:
    return [(fact.type, getattr(fact, "path", "")) for fact in facts]
