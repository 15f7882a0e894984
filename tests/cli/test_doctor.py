"""`tenuto doctor` knows the server: whether one answers, its store, its keys, its room."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tenuto.bootstrap.server import open_server
from tenuto.settings import Settings

Write = Callable[[str, str], Path]


@pytest.fixture
def silent() -> Iterator[int]:
    """Something else that listens: it says what no server of ours would."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer() -> None:
            connection, _ = door.accept()
            with connection:
                connection.recv(1_000)
                connection.sendall(b"SSH-2.0-other\r\n\r\n")

        threading.Thread(target=answer, daemon=True).start()
        yield door.getsockname()[1]


def settle(project: Path) -> None:
    """A data directory as a server leaves it."""

    async def once() -> None:
        async with open_server(Settings(data=project / ".tenuto")):
            pass

    asyncio.run(once())


def test_all_is_well_after_a_server(tenuto, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers, which is no fault; store and keys are as they should be."""
    settle(project)
    monkeypatch.setenv("TENUTO_PORT", "1")

    said = tenuto("doctor")

    assert said.code == 0, said.out
    assert "none answers at 127.0.0.1:1" in said.out
    assert "store.db" in said.out
    assert "no backup holds it" in said.out


def test_something_else_on_the_port_is_said(
    tenuto, project: Path, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a way out."""
    monkeypatch.setenv("TENUTO_PORT", str(silent))

    said = tenuto("doctor")

    assert said.code == 1
    assert "is no server of Tenuto" in said.out


def test_keys_that_others_can_read_and_a_broken_store_are_said(tenuto, project: Path) -> None:
    """Each with what to do."""
    settle(project)
    for name in ("keys.key", "token"):
        (project / ".tenuto" / name).chmod(0o644)
    (project / ".tenuto" / "store.db").write_bytes(b"not a database" * 1_000)

    said = tenuto("doctor")

    assert said.code == 1
    assert "others can read keys.key, token" in said.out
    assert "restore a backup" in said.out


def test_a_place_that_cannot_be_written_is_said(tenuto, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much room there is."""
    settle(project)
    monkeypatch.setattr("tenuto.cli.condition.os.access", lambda *_: False)

    said = tenuto("doctor")

    assert said.code == 1
    assert ".tenuto cannot be written" in said.out
