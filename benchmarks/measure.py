"""The work that every engine does, and how it is timed. Every script takes KIND RUNS STEPS CONCURRENCY and prints one JSON line.

`chain`: STEPS async functions in a row, each adds one. `fan`: STEPS plain nodes and one that joins them. Every result is
durable before what depends on it starts, on a fresh database on the disk that holds this folder. One run is not counted.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Run = Callable[[], Awaitable[int]]
Figures = dict[str, float]


@dataclass(frozen=True)
class Work:
    """What is asked for on the command line."""

    kind: Literal["chain", "fan"]
    runs: int
    steps: int
    conc: int


def asked() -> Work:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Time one engine on the common work.")
    parser.add_argument("kind", choices=["chain", "fan"], help="steps in a row, or side by side and joined")
    parser.add_argument("runs", type=int, help="how many runs are counted")
    parser.add_argument("steps", type=int, help="nodes of a run; in a fan, without the one that joins")
    parser.add_argument("conc", metavar="concurrency", type=int, help="runs at a time")
    return Work(**vars(parser.parse_args()))


def fresh_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder that goes away; not in /tmp, which may be memory, where durability costs nothing."""
    parent = Path(__file__).parent / ".tmp"
    parent.mkdir(exist_ok=True)
    return tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True)


async def measure(peer: str, work: Work, run: Run) -> Figures:
    """Do the work, check every result, print the line."""
    await checked(run, work)
    seconds: list[float] = []
    left = iter(range(work.runs))
    began = time.perf_counter()

    async def take_turns() -> None:
        for _ in left:
            at = time.perf_counter()
            await checked(run, work)
            seconds.append(time.perf_counter() - at)

    await asyncio.gather(*(take_turns() for _ in range(work.conc)))
    total = time.perf_counter() - began
    figures = {
        "runs_s": round(work.runs / total, 2),
        "steps_s": round(work.runs * work.steps / total, 1),
        "p50_ms": round(1000 * statistics.median(seconds), 2),
    }
    print(json.dumps({"peer": peer, **vars(work), **figures}), flush=True)
    return figures


async def checked(run: Run, work: Work) -> None:
    """Run once. Both kinds of work count to STEPS."""
    result = await run()
    if result != work.steps:
        raise AssertionError(f"a run of {work.steps} steps answered {result}")
