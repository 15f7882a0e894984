"""A journal of 1,000,000 facts beside an empty one: how long a start takes to be durable, and how long to open it again.

Prints one JSON line. Bars: p95 of a start within 25 %, open and recovered in 10 s. Takes the number of facts, and of starts, as arguments.
"""

import asyncio
import json
import statistics
import sys
import time
from dataclasses import replace

from house import flow, opened
from measure import fresh_folder

from tenuto.bootstrap import Opened
from tenuto.core.flow import Flow
from tenuto.hosts.local.names import Names
from tenuto.ports.engine import StartRequest
from tenuto.ports.journal import RunQuery, Write

DOCUMENT = {
    "flow": "ten",
    "nodes": {f"n{index}": {"use": "bench.add_one", "with": {"value": f"${{{index}}}"}} for index in range(10)},
}
WARM_UP = 20
RUNS_A_WRITE = 500


async def main(facts: int = 1_000_000, count: int = 400) -> None:
    with fresh_folder() as empty, fresh_folder() as large:
        async with opened(large) as house:
            filled = await fill(house, flow(house.registry, DOCUMENT), facts)
        began = time.perf_counter()
        async with opened(large) as full:
            async for _ in full.engine.recover():
                pass
            reopened = time.perf_counter() - began
            async with opened(empty) as bare:
                on_empty, on_large = await starts([bare, full], count)
    figures = {
        "empty_p95_ms": round(on_empty, 2),
        "large_p95_ms": round(on_large, 2),
        "ratio": round(on_large / on_empty, 2),
        "bar": 1.25,
        "reopen_s": round(reopened, 2),
        "reopen_bar_s": 10,
    }
    print(json.dumps({"measure": "large_journal", "facts": filled, **figures}))


async def fill(house: Opened, ten: Flow, facts: int) -> int:
    """Run once, then record the same facts under other ids until there are enough."""
    run = await house.engine.start(StartRequest(ten))
    await house.engine.outcome(run)
    rows = await house.journal.read(run)
    (entry,) = await house.journal.runs(RunQuery(name=run))
    count, names = len(rows), Names()
    while count < facts:
        durable: list[asyncio.Future[None]] = []
        for _ in range(RUNS_A_WRITE):
            copy = names.run_id()
            told = asyncio.get_running_loop().create_future()
            durable.append(told)
            house.journal.append(Write(copy, rows, _teller(told), entry=replace(entry, id=copy)))
        await asyncio.gather(*durable)
        count += RUNS_A_WRITE * len(rows)
    return count


def _teller(told: "asyncio.Future[None]"):  # noqa: ANN202  a callback
    def tell(error: BaseException | None) -> None:
        if error:
            told.set_exception(error)
        else:
            told.set_result(None)

    return tell


async def starts(houses: list[Opened], count: int) -> list[float]:
    """The p95 of a start on each, in turn, in milliseconds."""
    seconds: list[list[float]] = [[] for _ in houses]
    flows = [flow(house.registry, DOCUMENT) for house in houses]
    for turn in range(count + WARM_UP):
        for house, ten, times in zip(houses, flows, seconds, strict=True):
            began = time.perf_counter()
            run = await house.engine.start(StartRequest(ten))
            if turn >= WARM_UP:
                times.append(time.perf_counter() - began)
            await house.engine.outcome(run)
    return [1000 * statistics.quantiles(times, n=20)[-1] for times in seconds]


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
