"""R01 and R23: whatever is cut off, at whichever write, the run ends as it would have, and nothing is done twice unseen."""

import asyncio
import time
from dataclasses import dataclass, field

import pytest

from hosts.local.cut_journal import CutJournal, Side
from hosts.local.harness import LocalHarness, opened
from hosts.local.reference_flow import EFFECTFUL, INPUT, OUTPUT, flows, registry
from tenuto.core.flow import Flow
from tenuto.ports.engine import Refused, StartRequest
from tenuto.ports.journal import RunQuery
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.invariants import Ack, Effect, Fault, Outside, check

FLOW, CHILD = flows()


@dataclass
class World:
    """What outlives a process: the journal, the effects, what clients were told."""

    journal: MemoryJournal = field(default_factory=MemoryJournal)
    effects: list[Effect] = field(default_factory=list[Effect])
    acks: list[Ack] = field(default_factory=list[Ack])
    faults: list[Fault] = field(default_factory=list[Fault])
    epoch: int = 0

    async def ledger(self, key: str, attempt: int) -> None:
        self.effects.append(Effect(key, attempt, time.time()))

    def live(self, cut: CutJournal, *, cancel_at: int | None = None) -> bool:
        """One life of a process, until everything has ended (True) or the journal stopped dead."""
        self.epoch += 1
        begun = time.time()
        ended = asyncio.run(self._live(cut, cancel_at))
        if not ended:
            self.faults.append(Fault(begun, time.time()))
        return ended

    async def _live(self, cut: CutJournal, cancel_at: int | None) -> bool:
        async with opened(cut, registry(self.ledger, slow=0.001), epoch=self.epoch, clean=False) as harness:
            harness.flows.flows["child"] = CHILD
            work = asyncio.create_task(self._client(harness, cut, cancel_at))
            death = asyncio.create_task(cut.died.wait())
            await asyncio.wait({work, death}, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            death.cancel()
            if work.done():
                await work
                return True
            assert cut.died.is_set(), "nothing moved for ten seconds"
            work.cancel()
            return False

    async def _client(self, harness: LocalHarness, cut: CutJournal, cancel_at: int | None) -> None:
        """Start the run unless it stands already, answer what it asks, wait for its end."""
        run = "run-1"
        _ = [each async for each in harness.host.recover()]
        await harness.host.start(StartRequest(FLOW, INPUT, name="crash-test", run=run))
        self.acks.append(Ack("start", run))
        person = asyncio.create_task(self._person(harness, run))
        canceller = asyncio.create_task(self._cancel(harness, run, cut, cancel_at))
        await harness.outcome(run)
        person.cancel()
        canceller.cancel()  # the run may have ended before that write
        await asyncio.wait({person, canceller})

    async def _person(self, harness: LocalHarness, run: str) -> None:
        """Approves, and decides what is in doubt: it looked outside, and saw whether the mail had gone."""
        while True:
            await asyncio.sleep(0.002)
            facts = [fact for _, fact in await harness.facts(run)]
            told = {(getattr(fact, "name", ""), getattr(fact, "key", None)) for fact in facts}
            try:
                if ("ok", "k1") not in told and any(
                    getattr(fact, "path", "") == "pause" and fact.type == "node.succeeded" for fact in facts
                ):
                    await harness.host.signal(run, "ok", {"approved": True}, key="k1")
                    self.acks.append(Ack("signal", run, "ok", "k1"))
                unknown = sum(fact.type == "node.unknown" for fact in facts)
                decided = sum(fact.type == "signal.received" and getattr(fact, "name", "") == "mail" for fact in facts)
                if unknown > decided:
                    sent = any(effect.key.endswith("/mail") for effect in self.effects)
                    decision = {"decision": "done", "output": OUTPUT[3]} if sent else {"decision": "retry"}
                    await harness.host.signal(run, "mail", decision, key=f"d{unknown}")
            except Refused:
                continue

    async def _cancel(self, harness: LocalHarness, run: str, cut: CutJournal, at: int | None) -> None:
        if at is None:
            return
        while cut.count < at:  # noqa: ASYNC110  the count of a journal has no event
            await asyncio.sleep(0)
        try:
            await harness.host.cancel(run)
        except Refused:
            return
        self.acks.append(Ack("cancel", run))

    def facts(self) -> dict[str, list[tuple[int, object]]]:
        return asyncio.run(self._facts())

    async def _facts(self) -> dict[str, list[tuple[int, object]]]:
        async with opened(self.journal) as harness:
            runs = await self.journal.runs(RunQuery(limit=500))
            return {entry.id: list(await harness.facts(entry.id)) for entry in runs}

    def problems(self) -> list[str]:
        recorded = self.facts()
        outside = Outside(self.effects, EFFECTFUL, self.acks, self.faults)
        named = {run: FLOW if run == "run-1" else CHILD for run in recorded}
        return check(recorded, flows=named, outside=outside)  # pyright: ignore[reportArgumentType] # facts, as they are

    def outcome(self) -> tuple[str, object]:
        last = self.facts()["run-1"][-1][1]
        return getattr(last, "type", ""), getattr(last, "output", None)


def writes_of(flow: Flow) -> int:
    """How many writes the reference flow makes when nothing happens to it."""
    world = World()
    cut = CutJournal(world.journal)
    assert world.live(cut)
    assert world.outcome() == ("run.succeeded", OUTPUT)
    assert world.problems() == []
    return cut.count


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_crash_at_any_write_changes_nothing_but_the_time(side: Side) -> None:
    """R01: every write of the reference flow, cut off before and after it is kept. P2, P3, P4."""
    total = writes_of(FLOW)
    assert total >= 15

    for at in range(1, total + 3):
        world = World()
        if not world.live(CutJournal(world.journal, at, side)):
            assert world.live(CutJournal(world.journal)), f"write {at}"
        assert world.outcome() == ("run.succeeded", OUTPUT), f"write {at}: {world.outcome()}"
        assert world.problems() == [], f"write {at}"
        mails = [effect for effect in world.effects if effect.key.endswith("/mail")]
        assert len(mails) == 1, f"write {at}: a `once` node was repeated unasked"


def test_crashes_in_a_row_are_survived() -> None:
    """R01: dead again and again, each time a little later, with a result between; still the same end. Rule 35 allows it."""
    world = World()
    life = 0
    while not world.live(CutJournal(world.journal, 4, "after")):
        life += 1
        assert life < 60, "it never gets anywhere"

    assert world.outcome() == ("run.succeeded", OUTPUT)
    assert world.problems() == []


def test_a_cancel_at_any_write_ends_the_run_and_starts_nothing() -> None:
    """R23, SEMANTICS 26: once the cancel is acknowledged no node starts, and the run and its child are cancelled."""
    total = writes_of(FLOW)

    for at in range(1, total + 3):
        world = World()
        assert world.live(CutJournal(world.journal), cancel_at=at)
        kind, _ = world.outcome()
        requested = any(getattr(fact, "type", "") == "cancel.requested" for _, fact in world.facts()["run-1"])
        # One that came when the end was decided already is told that it is done, and nothing is recorded of it.
        assert kind == ("run.cancelled" if requested else "run.succeeded"), f"write {at}: {kind}"
        assert requested or at > total // 2, f"write {at}: the cancel was not heard"
        assert world.problems() == [], f"write {at}"


@pytest.mark.parametrize("side", ["before", "after"])
def test_a_crash_just_after_a_cancel_does_not_revive_the_run(side: Side) -> None:
    """R23 with R01: the owner dies a few writes after the cancel; the next one finishes cancelling."""
    for at in range(3, writes_of(FLOW), 3):
        world = World()
        ended = world.live(CutJournal(world.journal, at + 2, side), cancel_at=at)
        if not ended:
            assert world.live(CutJournal(world.journal)), f"write {at}"
        acked = any(ack.kind == "cancel" for ack in world.acks)
        if acked and not ended:
            assert world.outcome()[0] == "run.cancelled", f"write {at}"
        assert world.problems() == [], f"write {at}"
