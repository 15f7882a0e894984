"""The command line where TENUTO_DATABASE_URL names a PostgreSQL: the same commands, the same words."""

import os
import subprocess
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.conftest import Tenuto
from cli.flows import ASK, HELLO
from cli.test_owner import wait_until
from postgres import PostgresServer, _binary
from tenuto.stores.journal_postgres import sql

Write = Callable[[str, str], Path]


@pytest.fixture
def database(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("TENUTO_DATABASE_URL", postgres_url)
    return postgres_url


@contextmanager
def owner(project: Path, *words: str) -> Generator["subprocess.Popen[str]"]:
    """A process that drives the runs of the database, and answers at its socket."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tenuto.cli", *words, "--data", "theirs"],
        cwd=project,
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until((project / "theirs" / "control.sock").exists)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_runs_are_kept_in_the_database(tenuto: Tenuto, write: Write, project: Path, database: str):
    """Nothing of them is in the data directory, so another one shows them as well."""
    write("hello.yaml", HELLO)

    ran = tenuto("run", "hello.yaml", "--json")
    shown = tenuto("runs", "show", ran.last["name"], "--json", "--data", "elsewhere")

    assert (ran.code, ran.last["output"]) == (0, "Hello, world!")
    assert shown.last["output"] == "Hello, world!"
    assert ran.last["name"] in tenuto("runs", "list").out
    assert not list(project.glob("**/journal.db"))


def test_a_database_without_runs_is_told(tenuto: Tenuto, database: str):
    """And none are made by looking."""
    said = tenuto("runs", "list")

    assert f"there are no runs in {database}" in said.err


def test_the_owner_is_spoken_to_in_its_data_directory(tenuto: Tenuto, write: Write, project: Path, database: str):
    """From elsewhere it is said where that is; there, the word reaches it; looking works anywhere."""
    write("ask.yaml", ASK)

    with owner(project, "run", "ask.yaml", "--name", "asks", "--json") as process:
        wait_until(lambda: "waiting" in tenuto("runs", "list").out)
        elsewhere = tenuto("runs", "signal", "asks", "ok", "--approve")
        there = tenuto("runs", "signal", "asks", "ok", "--approve", "--data", "theirs")
        out, _ = process.communicate(timeout=30)

    assert elsewhere.code == 1
    assert f"process {process.pid} on" in elsewhere.err
    assert str(project / "theirs") in elsewhere.err
    assert there.code == 0
    assert '"succeeded"' in out


def test_a_copy_is_made_by_its_own_tool(
    tenuto: Tenuto, write: Write, database: str, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
):
    """`backup` says how; what it says works, and what it wrote is a journal of the same runs."""
    write("hello.yaml", HELLO)
    name = tenuto("run", "hello.yaml", "--json").last["name"]

    said = tenuto("backup", "copy.dump")

    assert said.code != 0
    assert f"pg_dump --format=custom --file=copy.dump {database}" in said.err
    restored = postgres.create()
    subprocess.run([_binary("pg_dump"), "--format=custom", "--file=copy.dump", database], check=True)
    subprocess.run([_binary("pg_restore"), f"--dbname={restored}", "copy.dump"], check=True)
    monkeypatch.setenv("TENUTO_DATABASE_URL", restored)
    assert name in tenuto("runs", "list").out
    assert tenuto("run", "hello.yaml", "--json").code == 0
    assert "epoch 2" in tenuto("doctor").out
    postgres.drop(restored)


def test_doctor_looks_at_the_database(tenuto: Tenuto, write: Write, database: str, monkeypatch: pytest.MonkeyPatch):
    """Whether it is whole, and no password in what is shown."""
    write("hello.yaml", HELLO)
    tenuto("run", "hello.yaml")
    monkeypatch.setenv("TENUTO_DATABASE_URL", database.replace("tenuto@", "tenuto:hunter2@"))

    said = tenuto("doctor")

    assert "tenuto:***@127.0.0.1" in said.out
    assert "epoch 1, nobody drives its runs now" in said.out
    assert "everything is as it was written" in said.out
    assert "hunter2" not in said.out + said.err


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://me:hunter2@127.0.0.1:1/name", "does not answer"),
        ("postgresql://me:hunter2@127.0.0.1:no/name", "cannot be asked for"),
        ("mysql://me:hunter2@127.0.0.1/name", "it takes an address such as postgresql://"),
    ],
)
def test_a_database_that_cannot_be_used_is_a_sentence(
    tenuto: Tenuto, write: Write, monkeypatch: pytest.MonkeyPatch, url: str, says: str
):
    """To run, to look and to say something; no password in it."""
    write("hello.yaml", HELLO)
    monkeypatch.setenv("TENUTO_DATABASE_URL", url)

    for words in (("run", "hello.yaml"), ("runs", "list"), ("runs", "cancel", "x")):
        said = tenuto(*words)
        assert said.code in {1, 2}
        assert says in said.err
        assert "hunter2" not in said.err
        assert "fault in Tenuto" not in said.err


def test_a_missing_driver_is_told(tenuto: Tenuto, write: Write, database: str, monkeypatch: pytest.MonkeyPatch):
    """With the line that installs it."""
    write("hello.yaml", HELLO)
    sql.driver.cache_clear()
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "asyncpg", None)

        said = tenuto("run", "hello.yaml")

    sql.driver.cache_clear()
    assert said.code == 1
    assert 'pip install "tenuto[postgres]"' in said.err
