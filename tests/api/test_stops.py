"""P13, R20: a server that is told to stop, at any moment and again and again, tears nothing and loses nobody's run."""

import asyncio
import logging
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest

from api.server_process import ServerProcess
from api.test_kills import AT_ONCE, FLOW, Load, Log, eager, every_run, hold, serving, under_way
from tenuto.client import Client

__all__ = ["eager"]

pytestmark = [pytest.mark.serial, pytest.mark.nightly]

_log = logging.getLogger("tenuto.tests")

LONGEST = 25.0  # seconds that a stop may take
SMALL = """\
flow: small
input: {number: integer}
nodes:
  a: {use: debug.echo, with: {value: "${input.number}"}}
  b: {use: debug.sleep, after: [a], with: {seconds: 0.05}}
output: ${a}
"""


async def stopped(server: ServerProcess) -> float:
    """How long it took; it must leave in order."""
    begun = time.monotonic()
    assert await asyncio.to_thread(server.stop) == 0
    return time.monotonic() - begun


def whole(data: Path) -> None:
    """I9: nothing in its files is torn."""
    for file in (data / "journal.db", data / "store.db"):
        with sqlite3.connect(file) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        db.close()


@pytest.mark.parametrize("seed", range(3))
async def test_at_random_moments_nothing_is_torn(tmp_path: Path, seed: int) -> None:
    """P13: what was acknowledged is kept, told once, and no attempt counts as failed because the server left."""
    dice, took = random.Random(seed), list[float]()
    async with serving(tmp_path / "data") as server, Client(server.url, server.token, attempts=10_000) as client:
        await client.flows.save(FLOW)
        load = Load(client, Log(tmp_path / "client.log"), dice)
        working = [asyncio.ensure_future(load.work()) for _ in range(AT_ONCE)]
        for _ in range(12):
            await under_way(load.log, dice.randint(1, 40), working)
            await asyncio.sleep(dice.uniform(0, 0.05))
            took.append(await stopped(server))
            whole(server.data)
            await server.start()
        load.stop.set()
        await asyncio.wait_for(asyncio.gather(*working), 120)
        await hold(client, load.log)
        types = {event.type for events in load.log.seen.values() for event in events}

    runs, events = len(load.log.starts), load.log.events
    _log.info("%s stops, the longest %.1f s; %s runs, %s events", len(took), max(took), runs, events)
    assert max(took) < LONGEST
    assert types.isdisjoint({"node.failed", "node.retrying"})


@dataclass
class Steady:
    """One start each so many milliseconds, each on a connection of its own, none asked twice."""

    server: ServerProcess
    pause: float
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    acked: dict[int, str] = field(default_factory=dict[int, str])  # number → run
    told: Counter[str] = field(default_factory=Counter[str])
    unanswered: set[int] = field(default_factory=set[int])

    async def work(self) -> None:
        asking: set[asyncio.Task[None]] = set()
        number = 0
        while not self.stop.is_set():
            number += 1
            task = asyncio.create_task(self._ask(number))
            asking.add(task)
            task.add_done_callback(asking.discard)
            await asyncio.sleep(self.pause)
        await asyncio.gather(*asking)

    async def _ask(self, number: int) -> None:
        headers = {"Authorization": f"Bearer {self.server.token}", "Connection": "close"}
        body = {"flow": "small", "input": {"number": number}, "labels": {"number": str(number)}}
        try:
            async with httpx2.AsyncClient(timeout=30) as asker:
                answer = await asker.post(f"{self.server.url}/v1/runs", json=body, headers=headers)
        except httpx2.TransportError as error:
            self.told[type(error).__name__] += 1
            self.unanswered.add(number)
        else:
            self.told[str(answer.status_code)] += 1
            assert answer.status_code in {201, 503}, answer.text
            if answer.status_code == 201:
                self.acked[number] = answer.json()["id"]


@pytest.mark.parametrize("restarts", [20])
async def test_restarts_under_load_lose_nothing(tmp_path: Path, restarts: int) -> None:
    """R20: what is answered 201 is one run that ends; what is refused, in words or by a closed door, is none."""
    took: list[float] = []
    async with serving(tmp_path / "data", TENUTO_SHUTDOWN="1s") as server:
        async with Client(server.url, server.token, attempts=1_000) as client:
            await client.flows.save(SMALL)
        steady = Steady(server, 0.02)
        working = asyncio.create_task(steady.work())
        for _ in range(restarts):
            await asyncio.sleep(0.7)
            took.append(await stopped(server))
            await server.start()
        await asyncio.sleep(0.5)
        steady.stop.set()
        await asyncio.wait_for(working, 60)
        async with Client(server.url, server.token, attempts=1_000) as client:
            for run in steady.acked.values():
                assert (await client.runs.wait(run)).status == "succeeded"
            there = await every_run(client)
            facts = {event.type for run in [*steady.acked.values()][:200] async for event in client.runs.events(run)}

    _log.info("%s restarts, the longest stop %.1f s; %s", restarts, max(took), dict(steady.told))
    assert len(steady.acked) > restarts
    assert len(set(steady.acked.values())) == len(steady.acked)
    assert there == set(steady.acked.values())  # so none of those that were not answered is there
    assert facts.isdisjoint({"node.failed", "node.retrying"})
    assert max(took) < LONGEST
