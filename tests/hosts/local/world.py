"""Processes that are killed, and what is seen of them from outside: a journal, a sink of effects, acknowledgements."""

import asyncio
import os
import random
import subprocess
import sys
import time
from pathlib import Path

from hosts.local.harness import opened
from hosts.local.reference_flow import EFFECTFUL, OUTPUT, flows
from hosts.local.victim import URL, open_journal
from tenuto.core.events import Fact
from tenuto.ports.journal import RunQuery
from tenuto.testing.invariants import Ack, Effect, Fault, Outside, check

HERE = Path(__file__).parent
FLOW, CHILD = flows()
KILLED = -9


class World:
    """One data directory, the sink beside it, and the processes that lived on it."""

    def __init__(self, directory: Path, runs: int, url: str | None = None) -> None:
        """`url`: of the database that keeps the journal; without it, a file in the directory does."""
        self.directory = directory
        self.url = url
        self.runs = range(runs)
        self.faults: list[Fault] = []
        self.environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent), URL: url or ""}
        (directory / "effects").touch()
        self._sink = subprocess.Popen(
            [sys.executable, str(HERE / "sink.py"), str(directory / "effects")], stdout=subprocess.PIPE, text=True
        )
        assert self._sink.stdout is not None
        self._port = self._sink.stdout.readline().strip()

    def close(self) -> None:
        self._sink.kill()
        self._sink.communicate()

    def victim(self, *words: str) -> "subprocess.Popen[str]":
        command = [
            sys.executable,
            str(HERE / "victim.py"),
            str(self.directory),
            self._port,
            f"{self.runs.start}:{self.runs.stop}",
            *words,
        ]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment
        )

    def live(self, *words: str, kill_after: float | None = None) -> bool:
        """One life; True if it came to its own end."""
        begun = time.time()
        victim = self.victim(*words)
        assert victim.stdout is not None
        victim.stdout.readline()
        if kill_after is not None:
            try:
                victim.wait(kill_after)
            except subprocess.TimeoutExpired:
                victim.kill()
        _, complaints = victim.communicate(timeout=60)
        assert victim.returncode in {0, KILLED}, complaints
        if victim.returncode:
            # A busy sink may write down a call of the dead a little later.
            self.faults.append(Fault(begun, time.time() + 2))
        return victim.returncode == 0

    def recorded(self) -> dict[str, list[tuple[int, Fact]]]:
        return asyncio.run(self._recorded())

    async def _recorded(self) -> dict[str, list[tuple[int, Fact]]]:
        async with await open_journal(self.directory, self.url) as journal, opened(journal) as harness:
            runs = [entry.id for entry in await journal.runs(RunQuery(limit=1_000_000))]
            return {run: list(await harness.facts(run)) for run in runs}

    def effects(self) -> list[Effect]:
        lines = (self.directory / "effects").read_text().splitlines()
        return [Effect(key, int(attempt), float(at)) for key, attempt, at in (line.split() for line in lines)]

    def acks(self) -> list[Ack]:
        lines = [line.split() for line in (self.directory / "acks").read_text().splitlines()]
        return [Ack(words[0], words[1], *words[2:]) for words in lines]

    def look(self) -> None:
        """Nothing that was promised is broken, and every run has ended as it should."""
        recorded = self.recorded()
        outside = Outside(self.effects(), EFFECTFUL, self.acks(), self.faults)
        named = {run: FLOW if run.startswith("run-") else CHILD for run in recorded}
        assert check(recorded, flows=named, outside=outside) == []
        for number in range(self.runs.stop):
            last = recorded[f"run-{number}"][-1][1]
            # Three deaths in a row without a new result may meet a run: rule 35 has it fail, and say why.
            poisoned = getattr(last, "error", {}).get("type") == "poison"
            assert poisoned or getattr(last, "output", None) == OUTPUT


def kills_at(directory: Path, points: list[tuple[int, str]], url: str | None = None) -> None:
    world = World(directory, 1, url)
    try:
        for number, (at, side) in enumerate(points):
            world.runs = range(number, number + 1)
            if not world.live(str(at), side):
                assert world.live()
        world.look()
    finally:
        world.close()


def random_kills(directory: Path, kills: int, runs: int, seed: int, url: str | None = None) -> None:
    dice = random.Random(seed)
    world = World(directory, runs, url)
    try:
        while len(world.faults) < kills:
            if world.live(kill_after=dice.uniform(0.04, 0.4)):
                world.runs = range(world.runs.stop, world.runs.stop + runs)
        assert world.live()
        world.look()
    finally:
        world.close()
