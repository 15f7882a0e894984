"""The local host on a journal in PostgreSQL: the suite of every host, kills of the process, kills of the database."""

import asyncio
import random
import subprocess
from pathlib import Path

import pytest

from hosts.local.harness import opened
from hosts.local.world import World, kills_at, random_kills
from postgres import PostgresServer
from stores.wire import Wire
from tenuto.ports.engine import StartRequest
from tenuto.ports.journal import Owned, RunQuery
from tenuto.ports.records import Unavailable
from tenuto.stores.journal_postgres import PostgresJournal
from tenuto.stores.journal_postgres import journal as postgres_journal
from tenuto.testing.host_conformance import CASES, check, flow_of


def test_the_host_keeps_its_promises_on_postgres(postgres_url: str) -> None:
    """Every flow of the suite, side by side in one database; none disturbs another."""

    async def play() -> None:
        async with await PostgresJournal.open(postgres_url) as journal, opened(journal) as harness:
            await asyncio.wait_for(asyncio.gather(*(check(case, harness) for case in CASES)), 60)

    asyncio.run(play())


def test_random_kills_lose_nothing_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    """R02: eight kills of the process at random moments; no acknowledgement is lost, no effect is one too many, all runs end."""
    random_kills(tmp_path, kills=8, runs=20, seed=3, url=postgres_url)


@pytest.mark.nightly
@pytest.mark.parametrize("batch", range(10))
def test_many_random_kills_lose_nothing_on_postgres(tmp_path: Path, postgres_url: str, batch: int) -> None:
    """R02, longer: ten batches of twenty."""
    random_kills(tmp_path, kills=20, runs=50, seed=100 + batch, url=postgres_url)


@pytest.mark.nightly
def test_sigkill_at_every_write_loses_nothing_on_postgres(tmp_path: Path, postgres_url: str) -> None:
    """R01: before and after each of the first writes of the reference flow."""
    kills_at(tmp_path, [(at, side) for at in range(1, 25) for side in ("before", "after")], postgres_url)


def test_the_database_dies_and_all_runs_end(tmp_path: Path) -> None:
    """R10: SIGKILL for the server twice while fifty runs are under way; the process that drives them stays, and says nothing."""
    database_dies(tmp_path, kills=2, runs=50, seed=10)


@pytest.mark.nightly
def test_the_database_dies_all_the_time_and_all_runs_end(tmp_path: Path) -> None:
    """R10, long: a hundred kills, one or two a second."""
    database_dies(tmp_path, kills=100, runs=200, seed=11)


def database_dies(directory: Path, kills: int, runs: int, seed: int) -> None:
    dice = random.Random(seed)
    with PostgresServer("fsync=on", "full_page_writes=on") as server:
        world = World(directory, runs, server.url())
        try:
            died = 0
            while died < kills:
                died += _one_life(world, server, kills - died, dice)
                world.runs = range(world.runs.stop, world.runs.stop + runs)
            assert world.live()
            world.look()
        finally:
            world.close()


def _one_life(world: World, server: PostgresServer, kills: int, dice: random.Random) -> int:
    """Of the process, which comes to its own end; how often the server was killed meanwhile."""
    victim = world.victim()
    assert victim.stdout is not None
    victim.stdout.readline()
    died = 0
    while died < kills:
        try:
            victim.wait(dice.uniform(0.1, 0.6))
            break
        except subprocess.TimeoutExpired:
            server.kill()
            server.start()
            died += 1
    _, complaints = victim.communicate(timeout=120)
    assert victim.returncode == 0, complaints
    return died


def test_a_host_that_was_followed_stops_and_says_so(postgres_url: str) -> None:
    """P5: cut off, replaced, back again: it drives nothing any more, and whoever opened it is told why."""

    async def play() -> None:
        flow = flow_of("waiting", {"nodes": {"go": {"use": "wait", "with": {"signal": "go"}}}, "output": "${go}"})
        old = await PostgresJournal.open(postgres_url)
        async with opened(old) as harness:
            run = await harness.host.start(StartRequest(flow))
            await (await old._session.ready()).execute("SELECT pg_advisory_unlock_all()")
            async with await PostgresJournal.open(postgres_url) as new, opened(new, epoch=new.epoch) as follower:
                assert [taken.run async for taken in follower.host.recover()] == [run]
                with pytest.raises(Owned):
                    await harness.host.signal(run, "go", "stale")
                with pytest.raises(Owned):
                    await harness.host.failure
                await follower.host.signal(run, "go", "fresh")
                assert (await follower.outcome(run)).output == "fresh"
        await old.close()

    asyncio.run(play())


def test_while_the_database_is_away_nobody_waits_for_ever(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that there is pauses, and goes on by itself; who asks for another one is told, and nothing of it was begun."""
    monkeypatch.setattr(postgres_journal, "PATIENCE", 0.1)
    steps = {f"n{number}": {"use": "test.sleep", "with": {"seconds": 0.05, "value": number}} for number in range(3)}
    chain = {
        name: {**step, "after": [f"n{number - 1}"] if number else []}
        for number, (name, step) in enumerate(steps.items())
    }
    flow = flow_of("chain", {"nodes": chain, "output": "${n2}"})

    async def play() -> None:
        async with Wire(postgres_url) as wire:
            journal = await PostgresJournal.open(wire.url)
            async with opened(journal, reachable=journal.reachable) as harness:
                run = await harness.host.start(StartRequest(flow))
                wire.open = False
                wire.cut()
                await asyncio.sleep(0.1)
                with pytest.raises(Unavailable):
                    await harness.host.start(StartRequest(flow))
                wire.open = True
                assert (await asyncio.wait_for(harness.outcome(run), 20)).output == 2
                assert [entry.id for entry in await journal.runs(RunQuery())] == [run]
                await harness.host.start(StartRequest(flow))
            await journal.close()

    asyncio.run(play())
