"""Agents that are killed in the middle, and what goes on with them.

    python victim.py DIRECTORY BASE_URL RUNTIME POINT…

A point is `7:after` or `7:before`: the process that runs the agent kills itself (SIGKILL) at its seventh write, before it is
made or as soon as it is durable; `0:after` is never. Then another process goes on. Each point has a directory and a task of
its own. All processes are forks of this one, which has imported what takes long and has no loop of its own. A line of JSON
for each point tells what came of it.
"""

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import openai  # noqa: F401  # pyright: ignore[reportUnusedImport]  what takes long is imported before the forks

from hosts.local.victim import LethalJournal
from tenuto.bootstrap import agents, engine, models, sessions, tools  # noqa: F401  # pyright: ignore[reportUnusedImport]
from tenuto.ports.engine import StartRequest
from tenuto.sdk import Registry, library
from tenuto.sdk.http.addresses import parse_networks
from tenuto.settings import Settings
from tenuto.stores import journals  # noqa: F401  # pyright: ignore[reportUnusedImport]
from tenuto.testing.host_conformance import flow_of

AGENT = """---
name: clerk
model: openai:gpt-test
tools: [node:book.write]
runtime: %s
---
You keep the book.
"""
NODE = '''
import os
from tenuto.sdk import Context, node

@node("book.write")
async def write(line: str, *, ctx: Context) -> str:
    """Write a line into the book.

    Args:
        line: What to write
    """
    book = os.open(os.environ["BOOK"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(book, f"{line}\\n".encode())
    os.fsync(book)
    return f"written: {line}"
'''


# Of each framework, before the forks.
IMPORTED = {
    "agno": ["tenuto.agents.agno.runtime", "agno.models.openai"],
    "strands": ["tenuto.agents.strands.runtime", "strands.models.openai"],
}


def prepare(directory: Path, url: str, runtime: str) -> None:
    os.environ["OPENAI_API_KEY"], os.environ["OPENAI_BASE_URL"] = "none", url
    for folder, name, text in [("agents", "clerk.md", AGENT % runtime), ("nodes", "book.py", NODE)]:
        (directory / folder).mkdir()
        (directory / folder / name).write_text(text)


async def play(directory: Path, point: str, *, first: bool) -> None:
    """Start the run, or go on with it, and write down what came of it."""
    here = directory / point.replace(":", "-")
    here.mkdir(exist_ok=True)
    os.environ["BOOK"] = str(here / "book")
    registry = Registry([directory / "nodes"])
    settings = Settings(data=here / "data", agents=directory / "agents", http_allow=parse_networks("127.0.0.1/32"))
    async with engine.open_engine(settings, registry) as opened:
        host = opened.engine
        if first:
            at, _, side = point.partition(":")
            host.services.journal = cast("Any", LethalJournal(opened.journal, int(at), side))
        async for _ in host.recover():
            pass
        run = await host.start(StartRequest(_flow(registry, point), run="the-run"))  # harmless where it was started
        outcome = await asyncio.wait_for(host.outcome(run), 30)
        (here / "outcome").write_text(
            json.dumps({"status": outcome.status, "output": outcome.output, "error": outcome.error})
        )


def _flow(registry: Registry, point: str) -> Any:
    node = {"use": "agent", "with": {"agent": "clerk", "task": f"Keep the book of {point}"}}
    return flow_of("book", {"nodes": {"ask": node}, "output": "${ask}"}, library(registry))


def forked(work: Callable[[], Awaitable[None]]) -> int:
    """What `wait` tells of a child that does the work."""
    child = os.fork()
    if child == 0:
        asyncio.run(work())  # pyright: ignore[reportArgumentType]
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    directory, url, runtime, *points = sys.argv[1:]
    root = Path(directory)
    prepare(root, url, runtime)
    for module in IMPORTED.get(runtime, ()):
        importlib.import_module(module)
    for point in points:
        first = forked(lambda point=point: play(root, point, first=True))
        last = forked(lambda point=point: play(root, point, first=False)) if first else 0
        here = root / point.replace(":", "-")
        told: dict[str, Any] = {"point": point, "first": first, "last": last, "book": (here / "book").read_text()}
        sys.stdout.write(json.dumps({**told, **json.loads((here / "outcome").read_text())}) + "\n")


if __name__ == "__main__":
    main()
