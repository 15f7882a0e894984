"""The floor: a graph walker in plain Python over a group-commit journal (apsw, FULL), with nothing else on top."""

import asyncio
import json
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import apsw

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import Work, asked, fresh_folder, measure

Node = tuple[tuple[int, ...], Callable[[list[int]], Coroutine[Any, Any, int]]]  # (its dependencies, its function)


class Journal:
    """One writer thread: everything that waits is one transaction, then all who waited are told in one wake-up."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._path = path
        self._loop = loop
        self._waiting: list[tuple[tuple[int, int, bytes], Callable[[], None]]] = []
        self._more = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._write)
        self._thread.start()

    def append(self, row: tuple[int, int, bytes], told: Callable[[], None]) -> None:
        with self._more:
            self._waiting.append((row, told))
            self._more.notify()

    def close(self) -> None:
        with self._more:
            self._closed = True
            self._more.notify()
        self._thread.join()

    def _write(self) -> None:
        db = apsw.Connection(str(self._path))
        db.execute("pragma journal_mode=wal").fetchall()
        db.execute("pragma synchronous=full").fetchall()
        db.execute("create table facts (run int, seq int, body blob, primary key (run, seq)) without rowid").fetchall()
        while batch := self._take():
            db.execute("begin immediate")
            db.executemany("insert into facts values (?, ?, ?)", [row for row, _ in batch])
            db.execute("commit")
            self._loop.call_soon_threadsafe(_tell, [told for _, told in batch])
        db.close()

    def _take(self) -> list[tuple[tuple[int, int, bytes], Callable[[], None]]]:
        with self._more:
            while not self._waiting and not self._closed:
                self._more.wait()
            batch, self._waiting = self._waiting, []
            return batch


def _tell(all_told: list[Callable[[], None]]) -> None:
    for told in all_told:
        told()


class Walk:
    """One run: a node starts when all it depends on is durable."""

    def __init__(self, journal: Journal, run: int, nodes: list[Node]) -> None:
        self._journal = journal
        self._run = run
        self._nodes = nodes
        self._open = [len(needs) for needs, _ in nodes]
        self._dependents: list[list[int]] = [[] for _ in nodes]
        for index, (needs, _) in enumerate(nodes):
            for need in needs:
                self._dependents[need].append(index)
        self._outputs = [0] * len(nodes)
        self._left = len(nodes)
        self._seq = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def start(self) -> None:
        for index, count in enumerate(self._open):
            if count == 0:
                self._begin(index)

    def _begin(self, index: int) -> None:
        task = asyncio.create_task(self._do(index))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _do(self, index: int) -> None:
        needs, function = self._nodes[index]
        output = self._outputs[index] = await function([self._outputs[need] for need in needs])
        self._seq += 1
        body = json.dumps({"type": "node.succeeded", "path": str(index), "output": output}).encode()
        self._journal.append((self._run, self._seq, body), lambda: self._settled(index))

    def _settled(self, index: int) -> None:
        self._left -= 1
        if self._left == 0:
            self.ended.set_result(self._outputs[-1])
        for dependent in self._dependents[index]:
            self._open[dependent] -= 1
            if self._open[dependent] == 0:
                self._begin(dependent)


async def add_one(values: list[int]) -> int:
    return sum(values) + 1


async def join(values: list[int]) -> int:
    return sum(values)


def graph(work: Work) -> list[Node]:
    if work.kind == "chain":
        return [((index - 1,) if index else (), add_one) for index in range(work.steps)]
    return [*(((), add_one) for _ in range(work.steps)), (tuple(range(work.steps)), join)]


async def main() -> None:
    work = asked()
    with fresh_folder() as folder:
        journal = Journal(Path(folder) / "journal.db", asyncio.get_running_loop())
        nodes = graph(work)
        count = 0

        def run() -> asyncio.Future[int]:
            nonlocal count
            count += 1
            walk = Walk(journal, count, nodes)
            walk.start()
            return walk.ended

        try:
            await measure("bare_journal", work, run)
        finally:
            journal.close()


asyncio.run(main())
