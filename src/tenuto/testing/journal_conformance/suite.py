"""How a promise is tried: a journal of its own for each test, and the small steps that all of them take."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

from tenuto.ports.blobs import Blobs
from tenuto.ports.journal import Journal, Row, RunEntry, RunQuery, Write


class StoredJournal(Journal, Blobs, Protocol):
    """A journal and its blobs, which are kept together so that one write can hold both."""


class Opening(ABC):
    """Where the journals of a suite come from."""

    @abstractmethod
    async def open(self, directory: Path) -> StoredJournal:
        """Your journal on this directory."""


Suite = TypeVar("Suite", bound=Opening)


def journaled(test: Callable[[Suite, StoredJournal], Awaitable[None]]) -> Callable[[Suite, Path], None]:
    """Run an asynchronous test on a journal of its own."""

    async def opened(suite: Suite, directory: Path) -> None:
        journal = await suite.open(directory)
        try:
            await test(suite, journal)
        finally:
            await journal.close()

    def run(self: Suite, tmp_path: Path) -> None:
        asyncio.run(opened(self, tmp_path))

    run.__name__, run.__doc__ = test.__name__, test.__doc__  # `wraps` would show pytest the wrong arguments
    return run


def fact(seq: int, type_: str = "node.succeeded", body: bytes = b'{"path":"a"}', at: float = 1_763_700_000.25) -> Row:
    return Row(seq, type_, at, body)


def facts(first: int, last: int) -> list[Row]:
    return [fact(seq, body=b'{"n":%d}' % seq) for seq in range(first, last + 1)]


def entry(run: str, created_at: float = 1.0, status: str = "running", **more: Any) -> RunEntry:
    line = RunEntry(run, f"name-{run}", "hello", "0" * 64, status, created_at)
    return replace(line, **more)


async def told(
    journal: Journal,
    run: str,
    rows: Sequence[Row],
    *,
    blobs: Sequence[tuple[str, bytes]] = (),
    line: RunEntry | None = None,
) -> BaseException | None:
    """Append, and wait for what `on_durable` is told."""
    answer: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()
    journal.append(Write(run, rows, answer.set_result, blobs, line))
    return await asyncio.wait_for(answer, 30)


async def keep(
    journal: Journal,
    run: str,
    rows: Sequence[Row] = (),
    *,
    blobs: Sequence[tuple[str, bytes]] = (),
    line: RunEntry | None = None,
) -> None:
    """Append, and insist that it is durable."""
    answer = await told(journal, run, rows, blobs=blobs, line=line)
    assert answer is None, answer


async def ended(journal: Journal, run: str, created_at: float = 1.0, ended_at: float = 2.0) -> None:
    """A whole small run."""
    line = entry(run, created_at, "succeeded", ended_at=ended_at)
    await keep(journal, run, [fact(1, "run.started"), fact(2, "run.succeeded")], line=line)


async def ids(journal: Journal, **query: Any) -> list[str]:
    return [found.id for found in await journal.runs(RunQuery(**query))]


async def after(journal: Journal, run: str, **query: Any) -> list[str]:
    """The page that follows one which ended with this run."""
    last = next(found for found in await journal.runs(RunQuery(limit=500)) if found.id == run)
    return await ids(journal, cursor=last.age, **query)


async def refused(answer: Awaitable[object], kind: type[BaseException]) -> BaseException:
    """The error of that kind which must come."""
    try:
        await answer
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} came")
