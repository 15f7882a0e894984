"""10,000 runs that wait: what they weigh, what they cost while nothing happens, and how long until all have gone on.

Prints one JSON line. Bars: at most 600 MB, at most 10 % of a core. Takes the number of runs as its argument.
"""

import asyncio
import json
import os
import resource
import sys
import time
from collections.abc import Awaitable, Iterable
from typing import TypeVar

from house import flow, opened
from measure import fresh_folder

from tenuto.hosts.local.host import LocalHost
from tenuto.ports.engine import StartRequest

DOCUMENT = {
    "flow": "waiting",
    "nodes": {
        "reply": {"use": "wait", "with": {"signal": "reply"}},
        "said": {"use": "set", "with": {"value": "${reply}"}},
    },
    "output": "${said}",
}
T = TypeVar("T")
AT_A_TIME = 200
IDLE_SECONDS = 10.0


async def main(runs: int) -> None:
    with fresh_folder() as folder:
        async with opened(folder) as house:
            waiting = flow(house.registry, DOCUMENT)
            engine = house.engine
            began = time.perf_counter()
            ids = await all_of([engine.start(StartRequest(waiting)) for _ in range(runs)])
            await all_wait(engine)
            started = time.perf_counter() - began
            weight = resident_mb()
            cpu = time.process_time()
            await asyncio.sleep(IDLE_SECONDS)
            busy = 100 * (time.process_time() - cpu) / IDLE_SECONDS
            began = time.perf_counter()
            await all_of([engine.signal(run, "reply", "yes") for run in ids])
            outcomes = await all_of([engine.outcome(run) for run in ids])
            went_on = time.perf_counter() - began
    if any(outcome.output != "yes" for outcome in outcomes):
        raise SystemExit("a run did not get its answer")
    figures = {
        "start_s": round(started, 2),
        "resident_mb": round(weight),
        "resident_bar_mb": 600,
        "idle_cpu_percent": round(busy, 1),
        "idle_cpu_bar_percent": 10,
        "all_went_on_s": round(went_on, 2),
    }
    print(json.dumps({"measure": "waiting", "runs": runs, **figures}))


async def all_wait(engine: LocalHost) -> None:
    """A start is answered when it is durable; the run may still stand in line."""
    while engine.load().queued or engine.load().at_work:  # noqa: ASYNC110  nobody says when a host has come to rest
        await asyncio.sleep(0.02)


async def all_of(work: Iterable[Awaitable[T]]) -> list[T]:
    """Await everything, so many at a time."""
    left = list(enumerate(work))[::-1]
    answers: dict[int, T] = {}

    async def take_turns() -> None:
        while left:
            index, each = left.pop()
            answers[index] = await each

    await asyncio.gather(*(take_turns() for _ in range(AT_A_TIME)))
    return [answers[index] for index in sorted(answers)]


def resident_mb() -> float:
    """What the process holds now; where the system does not say, the most it ever held."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123  no file, a view of the kernel
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
