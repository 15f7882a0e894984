"""Graphs that are killed in the middle, and what goes on with them.

    python victim.py DIRECTORY GRAPH POINT…

A point is `7:after` or `7:before`: the process that runs the graph kills itself (SIGKILL) at its seventh write, before it is
made or as soon as it is durable; `0:after` is never. Then another process goes on. All are forks of this one, which has
imported what takes long and has no loop of its own. A line of JSON for each point tells what came of it.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from agents.langgraph import ledger_graphs
from hosts.local.victim import LethalJournal
from tenuto.hosts.local.opening import make_host
from tenuto.ports.engine import StartRequest
from tenuto.ports.flows import NoSuchFlow
from tenuto.sdk import Registry, library
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.host_conformance import flow_of

assert ledger_graphs.steps


class _NoFlows:
    async def find(self, name: str, *_: object, **__: object) -> Any:
        raise NoSuchFlow(name)


async def play(here: Path, graph: str, point: str, *, first: bool) -> None:
    """Start the run, or go on with it, and write down what came of it."""
    registry = Registry()
    inner = SqliteJournal(here / "data")
    at, _, side = point.partition(":")
    journal: Any = LethalJournal(inner, int(at) if first else 0, side)
    host = make_host(journal, inner, registry, _NoFlows(), files_key=b"k" * 32)
    if first:
        await host.start(StartRequest(_flow(registry, graph, point), run="the-run"))
    else:
        async for _ in host.recover():
            pass
    outcome = await asyncio.wait_for(host.outcome("the-run"), 30)
    (here / "outcome").write_text(
        json.dumps({"status": outcome.status, "output": outcome.output, "error": outcome.error})
    )
    await host.close()


def _flow(registry: Registry, graph: str, point: str) -> Any:
    said = {"messages": [{"role": "user", "content": f"Keep the book of {point}"}]}
    node = {"use": "langgraph.graph", "with": {"graph": f"agents.langgraph.ledger_graphs:{graph}", "input": said}}
    return flow_of("book", {"nodes": {"a": node}, "output": "${a}"}, library(registry))


def forked(work: Callable[[], Coroutine[Any, Any, None]]) -> int:
    """How a child that does the work has ended."""
    child = os.fork()
    if child == 0:
        try:
            asyncio.run(work())
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    directory, graph, *points = sys.argv[1:]
    for point in points:
        here = Path(directory) / point.replace(":", "-")
        here.mkdir()
        os.environ["BOOK"] = str(here / "book")
        first = forked(lambda here=here, point=point: play(here, graph, point, first=True))
        if first:
            forked(lambda here=here, point=point: play(here, graph, point, first=False))
        lines = (here / "book").read_text().split()
        told = {"point": point, "first": first, "book": lines, **json.loads((here / "outcome").read_text())}
        print(json.dumps(told), flush=True)  # noqa: T201  it is how the test is told


if __name__ == "__main__":
    main()
