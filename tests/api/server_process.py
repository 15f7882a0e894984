"""`tenuto up` as a process of its own, that a test may kill: one data directory, one port, one life after another."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2


class ServerProcess:
    """`more`: environment. A start that follows a kill waits until the server answers."""

    def __init__(self, data: Path, **more: str) -> None:
        self.data = data
        self.url = f"http://127.0.0.1:{_free_port()}"
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("TENUTO_")} | more
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def token(self) -> str:
        return (self.data / "token").read_text().strip()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self, seconds: float = 60) -> None:
        port = self.url.rpartition(":")[2]
        command = [sys.executable, "-m", "tenuto.cli", "up", "--port", port, "--data", str(self.data)]
        with (self.data.parent / "server.log").open("ab") as log:
            self._process = subprocess.Popen(  # noqa: ASYNC220  forks within a millisecond
                command, env=self._environment, cwd=self.data.parent, stdout=log, stderr=log
            )
        until = time.monotonic() + seconds
        async with httpx2.AsyncClient() as client:
            while not await _answers(client, self.url):
                assert self._process.poll() is None, (self.data.parent / "server.log").read_text()
                assert time.monotonic() < until, "the server does not answer"
                await asyncio.sleep(0.05)

    def kill(self) -> None:
        """As the kernel does: not a word more."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As an administrator does; the exit code."""
        return self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        return process.wait(60)


async def _answers(client: httpx2.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/health/live", timeout=2)).status_code == 200
    except httpx2.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return door.getsockname()[1]
