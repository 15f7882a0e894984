"""What one word causes is decided and done a slice at a time: others have their turn, and the run is none the worse."""

import asyncio
from typing import Any

import pytest

from hosts.local.failing_journal import FailingJournal
from hosts.local.harness import LocalHarness, opened
from tenuto.core.inputs import Start
from tenuto.core.machine import About, decide, new_state
from tenuto.hosts.local import run as run_module
from tenuto.hosts.local import slices as slices_module
from tenuto.hosts.local.run import Run
from tenuto.hosts.local.slices import Slices
from tenuto.ports.engine import StartRequest
from tenuto.ports.journal import StorageFull
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


async def test_a_long_decision_lets_others_have_their_turn_and_is_kept_whole_or_not_at_all() -> None:
    at_once = decide(new_state(FAN, About("run", "name")), Start(0.0))
    async with opened() as harness:
        starting = asyncio.ensure_future(harness.host.start(StartRequest(FAN, run="long")))
        driver = await _deciding(harness)
        turns = 0
        while driver.deciding:
            assert not await harness.facts("long")
            await asyncio.sleep(0)
            turns += 1
        await starting
        recorded = await harness.facts("long")

    assert turns > len(at_once) // 4
    assert _said(fact for _, fact in recorded)[: len(at_once)] == _said(at_once)


async def test_what_is_decided_in_slices_goes_on_as_it_would_otherwise() -> None:
    async with opened() as harness:
        run = await harness.host.start(StartRequest(FAN))
        await harness.host.signal(run, "go", 1)
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        recorded = await harness.facts(run)

    assert outcome.output == 21
    assert check({run: list(recorded)}, flows={run: FAN}) == []


async def test_nothing_begins_before_all_is_decided() -> None:
    """A command may be overtaken by what the same word causes: it leaves when that is known."""
    async with opened() as harness:
        starting = asyncio.ensure_future(harness.host.start(StartRequest(FAN, run="long")))
        driver = await _deciding(harness)
        assert not driver.attempts
        await driver.decided()
        await starting
        await asyncio.wait_for(harness.outcome("long", frozenset({"waiting"})), 5)

        assert driver.state.nodes["work"].status == "succeeded"


async def test_a_cancel_in_the_middle_of_a_decision_is_heard_after_it() -> None:
    """R17: once it is answered nothing begins any more."""
    async with opened() as harness:
        starting = asyncio.ensure_future(harness.host.start(StartRequest(FAN, run="long")))
        await _deciding(harness)
        await asyncio.gather(starting, harness.host.cancel("long"))
        outcome = await asyncio.wait_for(harness.outcome("long"), 5)
        recorded = await harness.facts("long")

    assert outcome.status == "cancelled"
    assert check({"long": list(recorded)}, flows={"long": FAN}) == []


async def test_a_full_disk_at_the_end_of_a_decision_keeps_none_of_it() -> None:
    """Whoever asked is told, and may ask again when there is room."""
    journal = FailingJournal()
    async with opened(journal) as harness:
        starting = asyncio.ensure_future(harness.host.start(StartRequest(FAN, run="long")))
        await _deciding(harness)
        journal.full = True
        with pytest.raises(StorageFull):
            await starting
        kept = await harness.facts("long")
        journal.full = False
        await harness.host.start(StartRequest(FAN, run="long"))
        await harness.host.signal("long", "go", 1)
        outcome = await asyncio.wait_for(harness.outcome("long"), 5)

    assert not kept
    assert outcome.output == 21


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


async def _deciding(harness: LocalHarness) -> Run:
    """The run that is being started, in the middle of its first decision."""
    while (driver := harness.host.residents.get("long")) is None or not driver.deciding:  # noqa: ASYNC110  nothing tells of it
        await asyncio.sleep(0)
    return driver


def _said(facts: Any) -> list[tuple[str, str]]:
    return [(fact.type, getattr(fact, "path", "")) for fact in facts]
