"""R16: readers and receivers that take nothing, and readers that take everything, cost neither memory nor others' runs."""

import asyncio
import socket
import statistics
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest

from api.server_process import ServerProcess
from service.receiver import receiving
from tenuto.client import Client

# Many facts, a few kB each.
CHATTY = """\
flow: chatty
input: {turns: integer}
nodes:
  ok: {use: approval, with: {question: "Begin?"}}
  talk:
    use: loop
    after: [ok]
    max: 1000
    until: ${turn.index + 1 >= input.turns}
    nodes:
      word: {use: debug.echo, with: {value: "TEXT"}}
    output: ${word}
""".replace("TEXT", "x" * 3_000)
OF_A_TENANT = 100  # webhooks
SMALL = "flow: small\nnodes: {a: {use: debug.echo, with: {value: 1}}}\noutput: ${a}\n"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncGenerator[tuple[ServerProcess, Client]]:
    server = ServerProcess(tmp_path / "data", TENUTO_HTTP_ALLOW="127.0.0.1/32")
    await server.start()
    try:
        async with Client(server.url, server.token) as client:
            await client.flows.save(CHATTY)
            await client.flows.save(SMALL)
            yield server, client
    finally:
        server.kill()


def reader(server: ServerProcess, run: str) -> socket.socket:
    """It has asked, and takes hardly anything."""
    host, port = server.url.removeprefix("http://").split(":")
    taker = socket.socket()
    taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    taker.connect((host, int(port)))
    taker.sendall(question(server, run))
    assert taker.recv(12).startswith(b"HTTP/1.1 200")
    taker.setblocking(False)
    return taker


def question(server: ServerProcess, run: str) -> bytes:
    lines = (
        f"GET /v1/runs/{run}/events HTTP/1.1",
        f"Host: {server.url.removeprefix('http://')}",
        f"Authorization: Bearer {server.token}",
        "Accept: text/event-stream",
        "Connection: close",
    )
    return "\r\n".join([*lines, "", ""]).encode()


async def trickle(takers: list[socket.socket]) -> None:
    """A byte a second each."""
    while True:
        await asyncio.sleep(1)
        for taker in takers:
            try:
                taker.recv(1)
            except OSError:
                continue


def memory(server: ServerProcess) -> int:
    """Of the process, in MB."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(next(line for line in status.split("\n") if line.startswith("VmRSS")).split()[1]) // 1024


async def median(count: int, once: Callable[[], Awaitable[object]]) -> float:
    took: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        await once()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


async def stalled(server: ServerProcess, client: Client, readers: int, turns: int) -> tuple[float, int]:
    """How much longer small runs took while so many readers took nothing of a chatty one, and how many MB that cost."""

    async def small() -> object:
        return await client.runs.start("small", wait=10)

    for _ in range(2):  # what such a run costs by itself does not count
        nobody = (await client.runs.start("chatty", {"turns": turns})).id
        await client.runs.approve(nobody, "ok")
        await client.runs.wait(nobody)
    run = (await client.runs.start("chatty", {"turns": turns})).id
    alone, before = await median(30, small), memory(server)
    takers = [reader(server, run) for _ in range(readers)]
    trickling = asyncio.ensure_future(trickle(takers))
    try:
        await client.runs.approve(run, "ok")
        await client.runs.wait(run)
        beside, grown = await median(30, small), memory(server) - before
    finally:
        trickling.cancel()
        for taker in takers:
            taker.close()
    return beside / max(alone, await median(30, small)), grown  # the machine may be busier than it was


@pytest.mark.serial
async def test_readers_that_take_nothing_cost_nothing(house: tuple[ServerProcess, Client]):
    """Short form: 20 at 1 B/s. (The figures are wide: other tests' processes may be about.)"""
    slower, grown = await stalled(*house, readers=20, turns=150)

    assert slower < 3
    assert grown < 60


@pytest.mark.nightly
@pytest.mark.serial
async def test_two_hundred_readers_that_take_nothing_cost_nothing(house: tuple[ServerProcess, Client]):
    """R16: 200 at 1 B/s; RSS grows by less than 100 MB, other runs are as fast as before."""
    slower, grown = await stalled(*house, readers=200, turns=900)

    assert slower < 1.2
    assert grown < 100


async def listens(asker: httpx2.AsyncClient, url: str, kind: str, tenant: dict[str, str] | None = None) -> None:
    answer = await asker.post("/v1/webhooks", json={"url": url, "types": [kind]}, headers=tenant)
    assert answer.status_code == 201, answer.text


async def tenant_with(asker: httpx2.AsyncClient, url: str, name: str) -> dict[str, str]:
    """As many webhooks as a tenant may have; how to ask for it."""
    tenant = {"X-Tenant-Id": (await asker.post("/v1/tenants", json={"name": name})).json()["id"]}
    for _ in range(OF_A_TENANT):
        await listens(asker, url, "order.created", tenant)
    return tenant


async def hung(server: ServerProcess, client: Client, receivers: int, events: int) -> tuple[float, int]:
    """How much longer small runs took while so many receivers answered none of so many events, and how many MB that cost.
    One receiver that answers is told of every run meanwhile."""

    async def small() -> object:
        return await client.runs.start("small", wait=10)

    headers = {"Authorization": f"Bearer {server.token}"}
    async with (
        receiving() as hanging,
        receiving() as quick,
        httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=60) as asker,
    ):
        hanging.hangs = True
        await listens(asker, quick.url, "run.succeeded")
        tenants = [await tenant_with(asker, hanging.url, f"t{number}") for number in range(receivers // OF_A_TENANT)]
        alone, before = await median(30, small), memory(server)
        for number, tenant in [(number, tenant) for number in range(events) for tenant in tenants]:
            order = {"type": "order.created", "id": f"e-{number}", "payload": {}}
            assert (await asker.post("/v1/events", json=order, headers=tenant)).status_code == 202
        await hanging.until(32, 60)  # as many as may hang at once
        beside, grown = await median(60, small), memory(server) - before
        await quick.until(90, 60)
    return beside / max(alone, await median(30, small)), grown


@pytest.mark.nightly
@pytest.mark.serial
async def test_two_hundred_receivers_that_hang_cost_nothing(house: tuple[ServerProcess, Client]):
    """R16: each of them is to be told of ten events, and answers none."""
    slower, grown = await hung(*house, receivers=200, events=10)

    assert slower < 1.2
    assert grown < 100


@pytest.mark.nightly
@pytest.mark.serial
async def test_five_hundred_readers_do_not_slow_the_run_that_they_read(house: tuple[ServerProcess, Client]):
    """At most a tenth slower, the best of some rounds beside each other."""
    server, client = house

    async def took(readers: int) -> float:
        run = (await client.runs.start("chatty", {"turns": 400})).id
        reading = [asyncio.ensure_future(drained(server, run)) for _ in range(readers)]
        await asyncio.sleep(1 if readers else 0)
        began = time.perf_counter()
        await client.runs.approve(run, "ok")
        while not (await client.runs.get(run)).ended:  # noqa: ASYNC110  a stream would be one reader more
            await asyncio.sleep(0.02)
        spent = time.perf_counter() - began
        await asyncio.gather(*reading)
        return spent

    rounds = [(await took(0), await took(500)) for _ in range(3)]

    assert min(many / none for none, many in rounds) < 1.1


async def drained(server: ServerProcess, run: str) -> None:
    """All that is told, read as fast as it comes and looked at by nobody."""
    host, port = server.url.removeprefix("http://").split(":")
    taking, asking = await asyncio.open_connection(host, int(port))
    asking.write(question(server, run))
    while await taking.read(2**20):
        pass
    asking.close()
