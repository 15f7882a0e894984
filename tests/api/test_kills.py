"""R02 over HTTP: the server is killed at random moments while a client starts runs, follows them and answers approvals.

The client writes down, fsynced, what was acknowledged to it. Nothing of that is lost, streams miss nothing and repeat
nothing, each key is one run, and in the end every run has ended.
"""

import asyncio
import json
import os
import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from api.server_process import ServerProcess
from tenuto.client import Client, Event
from tenuto.documents import load
from tenuto.ports.codec import decode
from tenuto.testing.invariants import Ack, Outside, check

FLOW = """\
flow: busy
input: {number: integer}
nodes:
  first: {use: set, with: {value: "${input.number}"}}
  pause: {use: wait, after: [first], with: {for: 30ms}}
  ok: {use: approval, after: [pause], with: {question: "Go on with ${first}?"}}
  each:
    use: map
    after: [ok]
    over: ${[1, 2, 3]}
    as: item
    nodes:
      twice: {use: debug.echo, with: {value: "${item + item}"}}
    output: ${twice}
output: ${each}
"""
AT_ONCE = 6


@dataclass
class Log:
    """What the client was told, in a file of its own."""

    file: Path
    starts: dict[str, str] = field(default_factory=dict[str, str])  # key → run
    answers: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])  # run, path, key
    seen: dict[str, list[Event]] = field(default_factory=dict[str, list[Event]])
    interrupted: int = 0  # streams that were open when the server was killed

    @property
    def events(self) -> int:
        return sum(map(len, self.seen.values()))

    def write(self, **line: Any) -> None:
        with self.file.open("a") as out:
            out.write(json.dumps(line) + "\n")
            out.flush()
            os.fsync(out.fileno())


@dataclass
class Load:
    client: Client
    log: Log
    dice: random.Random
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def work(self) -> None:
        """One run after another until it is time to stop; the last is brought to its end."""
        while not self.stop.is_set():
            await self._one(f"{self.dice.getrandbits(64):x}")

    async def _one(self, key: str) -> None:
        run = (await self.client.runs.start("busy", {"number": 1}, idempotency_key=key)).id
        self.log.starts[key] = run
        self.log.write(start=run, key=key)
        seen = self.log.seen[run] = []
        async for event in self.client.runs.stream(run):
            seen.append(event)
            if event.type == "timer.fired":
                await self._answer(run)

    async def _answer(self, run: str) -> None:
        key = f"{self.dice.getrandbits(64):x}"
        await self.client.runs.signal(run, "ok", {"approved": True}, idempotency_key=key)
        self.log.answers.append((run, "ok", key))
        self.log.write(answer=run, key=key)


@asynccontextmanager
async def serving(data: Path, **more: str) -> AsyncGenerator[ServerProcess]:
    server = ServerProcess(data, **more)
    await server.start()
    try:
        yield server
    finally:
        server.kill()


async def killed(server: ServerProcess, kills: int, seed: int) -> Log:
    """What the client saw of a server that was killed so often."""
    dice = random.Random(seed)
    log = Log(server.data.parent / "client.log")
    async with Client(server.url, server.token, attempts=10_000, timeout=10) as client:
        await client.flows.save(FLOW)
        load = Load(client, log, dice)
        working = [asyncio.ensure_future(load.work()) for _ in range(AT_ONCE)]
        for _ in range(kills):
            await under_way(log, dice.randint(1, 40), working)
            await asyncio.sleep(dice.uniform(0, 0.02))
            log.interrupted += sum(bool(events) and not events[-1].last for events in log.seen.values())
            server.kill()
            await server.start()
        load.stop.set()
        await asyncio.wait_for(asyncio.gather(*working), 120)
        await hold(client, log)
    return log


async def under_way(log: Log, events: int, working: Sequence[asyncio.Future[None]]) -> None:
    """Until so many events more were seen: a kill that meets nobody at work shows nothing."""
    before = log.events
    async with asyncio.timeout(60):
        while log.events < before + events:
            await asyncio.sleep(0.002)
            for work in working:
                assert not work.done(), work.exception()


async def hold(client: Client, log: Log) -> None:
    """The promises, as the server keeps them now."""
    flow = load(FLOW).flow
    assert flow is not None
    facts: dict[str, Any] = {}
    for run in log.starts.values():
        recorded = [event async for event in client.runs.events(run)]
        assert log.seen[run] == recorded, f"{run}: the stream said {[event.seq for event in log.seen[run]]}"
        facts[run] = [(event.seq, fact_of(event)) for event in recorded]
        assert (await client.runs.get(run)).output == [2, 4, 6]
    acks = [Ack("start", run) for run in log.starts.values()]
    acks += [Ack("signal", run, path, key) for run, path, key in log.answers]
    assert check(facts, flows=dict.fromkeys(facts, flow), outside=Outside(acks=acks)) == []
    assert len(set(log.starts.values())) == len(log.starts)
    assert await every_run(client) == set(log.starts.values())


def fact_of(event: Event) -> Any:
    fields = {name: value for name, value in event.data.items() if name not in {"seq", "type"}}
    return decode(event.type, json.dumps(fields).encode())


async def every_run(client: Client) -> set[str]:
    found: set[str] = set()
    cursor = None
    while True:
        page = await client.runs.list(limit=500, cursor=cursor)
        found |= {run.id for run in page.items}
        cursor = page.next_cursor
        if cursor is None:
            return found


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client hardly waits before it asks again: that is when a server is weakest."""

    async def pause(attempt: int, said: str | None = None) -> None:
        await asyncio.sleep(0.1)

    monkeypatch.setattr("tenuto.client.transport.pause", pause)
    monkeypatch.setattr("tenuto.client.streaming.pause", pause)


async def test_five_kills_lose_nothing(tmp_path: Path):
    """R02 with SQLite: acknowledged is kept, told once, one run a key."""
    async with serving(tmp_path / "data") as server:
        log = await killed(server, 5, seed=1)

    assert log.interrupted >= 5  # otherwise the kills met nobody at work


@pytest.mark.nightly
async def test_kills_on_postgres_lose_nothing(tmp_path: Path, postgres_url: str):
    """The same, with runs and everything else in a PostgreSQL."""
    async with serving(tmp_path / "data", TENUTO_DATABASE_URL=postgres_url) as server:
        log = await killed(server, 2, seed=2)

    assert log.interrupted >= 2


async def test_a_hundred_clients_with_one_key_and_a_kill_are_one_run(tmp_path: Path):
    """R24, P9: whoever is not answered asks again, and is told of the same run."""
    async with serving(tmp_path / "data") as server, Client(server.url, server.token, attempts=10_000) as client:
        await client.flows.save(FLOW)

        async def start() -> str:
            return (await client.runs.start("busy", {"number": 1}, idempotency_key="one")).id

        starting = [asyncio.ensure_future(start()) for _ in range(100)]
        await asyncio.sleep(0.1)
        server.kill()
        await server.start()
        runs = set(await asyncio.gather(*starting))

        assert len(runs) == 1
        assert await every_run(client) == runs


@pytest.mark.nightly
@pytest.mark.parametrize("seed", range(10))
async def test_three_hundred_kills_lose_nothing(tmp_path: Path, seed: int):
    """R02, thirty kills a seed."""
    async with serving(tmp_path / "data") as server:
        await killed(server, 30, seed)


@pytest.mark.nightly
async def test_a_server_that_is_told_to_stop_leaves_nothing_undone(tmp_path: Path):
    """P13: as after a kill, but every stream was ended in order."""
    async with serving(tmp_path / "data") as server, Client(server.url, server.token, attempts=10_000) as client:
        await client.flows.save(FLOW)
        load_ = Load(client, Log(tmp_path / "client.log"), random.Random(3))
        working = [asyncio.ensure_future(load_.work()) for _ in range(AT_ONCE)]
        for _ in range(5):
            await asyncio.sleep(0.3)
            assert await asyncio.to_thread(server.stop) == 0
            await server.start()
        load_.stop.set()
        await asyncio.gather(*working)
        await hold(client, load_.log)
