"""A process that runs the reference flow on a data directory, to be killed and started again.

    python victim.py DIRECTORY PORT FIRST:LAST [WRITE before|after]

`DIRECTORY/data` is its data (or the database that the environment names), `DIRECTORY/effects` what the sink saw, `DIRECTORY/acks` what its clients were told, written
after they were told. It starts the runs `run-FIRST` up to, not including, `run-LAST`. With WRITE it kills itself at that write. It prints `ready` and ends when all its runs have.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hosts.local.harness import KnownFlows
from hosts.local.reference_flow import INPUT, OUTPUT, flows, registry
from tenuto.hosts.local.host import LocalHost
from tenuto.hosts.local.opening import make_host
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Refused, StartRequest
from tenuto.ports.journal import Write
from tenuto.stores.journal_postgres import PostgresJournal
from tenuto.stores.journal_sqlite import SqliteJournal

FLOW, CHILD = flows()
URL = "JOURNAL_URL"  # of the environment: the database that keeps the journal, if it is not a file


async def open_journal(directory: Path, url: str | None) -> SqliteJournal | PostgresJournal:
    return await PostgresJournal.open(url, directory) if url else SqliteJournal(directory / "data")


class LethalJournal:
    """Kills the process at its n-th write."""

    def __init__(self, inner: SqliteJournal | PostgresJournal, at: int, side: str) -> None:
        self._inner = inner
        self._at = at
        self._side = side
        self._count = 0

    def append(self, write: Write, *, alone: bool = False) -> None:
        self._count += 1
        if self._count == self._at and self._side == "before":
            _die()
        if self._count == self._at:
            write.on_durable = lambda _: _die()
        self._inner.append(write, alone=alone)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def calling(port: int) -> Callable[[str, int], Any]:
    async def call(key: str, attempt: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"POST / HTTP/1.1\r\nIdempotency-Key: {key}\r\nAttempt: {attempt}\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        assert answer.startswith(b"HTTP/1.1 204"), answer

    return call


class Client:
    """Starts the runs, approves, decides, and writes down what it was told."""

    def __init__(self, host: LocalHost, directory: Path, numbers: range) -> None:
        self.host = host
        self.directory = directory
        self.runs = [f"run-{number}" for number in numbers]
        self._acks = os.open(directory / "acks", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, *words: str) -> None:
        os.write(self._acks, (" ".join(words) + "\n").encode())

    async def play(self) -> None:
        await asyncio.gather(*(self._start(run) for run in self.runs))
        person = asyncio.create_task(self._person())
        await asyncio.gather(*(self.host.outcome(run) for run in self.runs))
        person.cancel()

    async def _start(self, run: str) -> None:
        await self.host.start(StartRequest(FLOW, INPUT, run=run))
        self.note("start", run)

    async def _person(self) -> None:
        while True:
            await asyncio.sleep(0.02)
            for run in self.host.residents:
                nodes = run.state.nodes
                if "ok" in nodes and nodes["ok"].status == "waiting":
                    await self._answer(run.id, "ok", {"approved": True}, "k1")
                if "mail" in nodes and nodes["mail"].status == "unknown":
                    await self._answer(run.id, "mail", self._decision(run.id), f"d{run.state.seq}")

    def _decision(self, run: str) -> dict[str, Any]:
        """Having looked outside, whether the mail had gone."""
        sent = f"{run}/mail " in (self.directory / "effects").read_text()
        return {"decision": "done", "output": OUTPUT[3]} if sent else {"decision": "retry"}

    async def _answer(self, run: str, name: str, payload: Any, key: str) -> None:
        try:
            await self.host.signal(run, name, payload, key=key)
        except Refused:
            return
        self.note("signal", run, name, key)


async def main(directory: Path, port: int, numbers: range, at: int | None, side: str) -> None:
    inner = await open_journal(directory, os.environ.get(URL))
    journal: Any = inner if at is None else LethalJournal(inner, at, side)
    known = KnownFlows()
    known.flows["child"] = CHILD
    host = make_host(
        journal,
        journal,
        registry(calling(port), slow=0.001),
        known,
        epoch=inner.epoch,
        clean=inner.previous_clean,
        options=Options(grace=1, shutdown=1),
        files_key=b"k" * 32,
    )
    print("ready", flush=True)  # noqa: T201  how the test learns it
    _ = [each async for each in host.recover()]
    await Client(host, directory, numbers).play()
    await host.close()
    await inner.close()


if __name__ == "__main__":
    words = sys.argv[1:]
    asked = range(*map(int, words[2].split(":")))
    asyncio.run(main(Path(words[0]), int(words[1]), asked, int(words[3]) if len(words) > 3 else None, words[-1]))
