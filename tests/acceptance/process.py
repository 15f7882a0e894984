"""`tenuto up` in a process of its own, with a client that asks it as its administrator."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

PATIENCE = 60  # seconds; machines of tests are busy
READY = "ctrl-c stops"


@dataclass
class Up:
    """A server and what it printed so far."""

    process: subprocess.Popen[bytes]
    log: Path
    client: httpx2.Client
    healthy: float  # seconds from the start of the process until it answered

    @property
    def printed(self) -> str:
        return self.log.read_text()

    def stopped(self, signal: int) -> tuple[int, float]:
        """Its exit code after the signal, and how many seconds that took."""
        begun = time.monotonic()
        self.process.send_signal(signal)
        return self.process.wait(PATIENCE), time.monotonic() - begun


def spawn(folder: Path, log: Path, *words: str, **environment: str) -> subprocess.Popen[bytes]:
    """Without waiting for it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TENUTO_", "PYTHONDONTWRITE"))}
    with log.open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "tenuto.cli", "up", "--port", "0", *words],
            cwd=folder,
            env={**kept, **environment},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )


@contextmanager
def up(folder: Path, *words: str, **environment: str) -> Generator[Up]:
    """A server in the folder, until the block is left; it is killed there if it lives."""
    log = folder / "up.log"
    begun = time.monotonic()
    process = spawn(folder, log, *words, **environment)
    try:
        address = _address(process, log, begun)
        healthy = time.monotonic() - begun
        token = (folder / ".tenuto" / "token").read_text().strip()
        limits = httpx2.Limits(max_connections=200)
        with httpx2.Client(
            base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE, limits=limits
        ) as client:
            yield Up(process, log, client, healthy)
    finally:
        process.kill()
        process.wait(PATIENCE)


def until(holds: Any, seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to hold"
        time.sleep(0.02)


def _address(process: subprocess.Popen[bytes], log: Path, begun: float) -> str:
    while READY not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() - begun < PATIENCE, log.read_text()
        time.sleep(0.02)
    found = re.search(r"API +(http://\S+)", log.read_text())
    assert found is not None
    return found[1]
