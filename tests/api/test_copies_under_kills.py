"""R22, P14: copies are taken while the server, and whoever takes them, is killed at random. Each that was finished is whole."""

import asyncio
import contextlib
import logging
import os
import random
import signal
import sqlite3
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest

from api.server_process import ServerProcess
from api.test_kills import AT_ONCE, FLOW, Load, Log, eager, serving
from tenuto.bootstrap.server import Server, open_server
from tenuto.client import Client
from tenuto.core.events import Fact
from tenuto.service.copies import restore
from tenuto.service.subscriptions import message_id
from tenuto.settings import Settings

__all__ = ["eager"]

pytestmark = [pytest.mark.serial, pytest.mark.nightly]

COPIES = 20
SECRET = "s3cr3t-that-only-the-key-opens"
_log = logging.getLogger("tenuto.tests")


@dataclass
class Copy:
    """`acked`: the runs that a client had been told of when it began."""

    file: Path
    acked: set[str]
    seconds: float


@dataclass
class Copying:
    """Takes copies one after the other, by the command; kills now and then what it asks, and now and then itself."""

    server: ServerProcess
    log: Log
    dice: random.Random
    done: list[Copy] = field(default_factory=list[Copy])
    failed: int = 0
    kills: int = 0

    async def work(self) -> None:
        number = 0
        while len(self.done) < COPIES:
            number += 1
            await self._one(self.server.data.parent / f"copy-{number}.tenuto", set(self.log.starts.values()))

    async def _one(self, file: Path, acked: set[str]) -> None:
        begun = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tenuto.cli", "backup", str(file), "--data", str(self.server.data)),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        if (victim := self.dice.choice(["nobody", "server", "command"])) != "nobody":
            await asyncio.sleep(self.dice.uniform(0.1, 1.2))
            await self._kill(victim, process)
        code = await process.wait()
        if code == 0:
            self.done.append(Copy(file, acked, time.monotonic() - begun))
        else:
            self.failed += 1
            there = await asyncio.to_thread(file.exists)
            assert not there, f"{file} is there, though the command ended with {code}"

    async def _kill(self, victim: str, process: Any) -> None:
        self.kills += 1
        if victim == "server":
            self.server.kill()
            await self.server.start()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)


async def facts_in(server: Server, runs: set[str]) -> dict[str, list[tuple[int, Fact]]]:
    found: dict[str, list[tuple[int, Fact]]] = {}
    for run in runs:
        with contextlib.suppress(KeyError):
            found[run] = await server.platform.archive.facts(run)
    return {run: facts for run, facts in found.items() if facts}


async def kept(server: ServerProcess) -> str:
    """A secret and a webhook, in every copy; the webhook's id."""
    headers = {"Authorization": f"Bearer {server.token}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=30) as asker:
        assert (await asker.put("/v1/secrets/TOKEN", json={"value": SECRET})).is_success
        hook = {"url": "http://127.0.0.1:9/in", "types": ["run.succeeded"]}  # nobody may go there: all of it waits
        return (await asker.post("/v1/webhooks", json=hook)).json()["id"]


async def check(copy: Copy, hook: str, final: dict[str, list[tuple[int, Fact]]], data: Path, folder: Path) -> int:
    """That the copy is consistent; in which epoch it goes on."""
    restore(copy.file, folder, keys=data)
    for file in (folder / "journal.db", folder / "store.db"):
        with sqlite3.connect(file) as db:
            assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        db.close()
    async with open_server(Settings(data=folder)) as server:
        there = await facts_in(server, set(final))
        assert copy.acked <= there.keys(), "what was acknowledged before the copy began is lacking in it"
        for run, facts in there.items():
            assert facts == final[run][: len(facts)], f"{run} tells another story in the copy"
        assert await server.platform.vault.get("TOKEN", tenant="default", stage="dev") == SECRET
        async with server.platform.store.read() as tx:
            sent = (await tx.webhook_deliveries.list("default", hook, limit=1_000)).items
        assert all(each.id == message_id("default", each.event) for each in sent)
        return server.journal.epoch


@pytest.mark.parametrize("seed", range(3))
async def test_every_copy_that_was_finished_is_whole(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that was acknowledged before it began is in it, each run as a beginning of what it came to be; secrets open with
    the key that is kept elsewhere, and with nothing else; what waits to be sent keeps its id."""
    monkeypatch.setenv("TENUTO_HTTP_ALLOW", "127.0.0.1/32")
    dice = random.Random(seed)
    async with serving(tmp_path / "data", TENUTO_HTTP_ALLOW="127.0.0.1/32") as server:
        async with Client(server.url, server.token, attempts=10_000, timeout=10) as client:
            await client.flows.save(FLOW)
            hook = await kept(server)
            load = Load(client, Log(tmp_path / "client.log"), dice)
            working = [asyncio.ensure_future(load.work()) for _ in range(AT_ONCE)]
            copying = Copying(server, load.log, dice)
            await asyncio.wait_for(copying.work(), 400)
            load.stop.set()
            await asyncio.wait_for(asyncio.gather(*working), 120)
        await asyncio.to_thread(server.stop)
    async with open_server(Settings(data=tmp_path / "data")) as server:
        final, epoch = await facts_in(server, set(load.log.starts.values())), server.journal.epoch

    drills = list[float]()
    for number, copy in enumerate(copying.done):
        begun = time.monotonic()
        later = await check(copy, hook, final, tmp_path / "data", tmp_path / f"again-{number}")
        drills.append(time.monotonic() - begun)
        assert 1 < later <= epoch + 1
    _log.info(
        "%s copies (the longest %.1f s), %s that were cut off, %s kills; %s runs; the longest drill %.1f s",
        *(len(copying.done), max(each.seconds for each in copying.done), copying.failed, copying.kills, len(final)),
        max(drills),
    )
    assert copying.kills > 0
