"""Two processes on one data directory: the owner answers the others at its control socket (SEMANTICS 40)."""

import asyncio
import json
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.flows import ASK, CHAIN, CHATTY, HELLO, PAID, SLOW
from tenuto.cli import control
from tenuto.cli.control import OwnerGone, RemoteEngine
from tenuto.core.flow.model import Flow
from tenuto.documents import load
from tenuto.ports.engine import Refused, StartRequest
from tenuto.ports.journal import RunQuery
from tenuto.service.control import NAME
from tenuto.stores.journal_sqlite import SqliteReader

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Write = Callable[[str, str], Path]


def start(project: Path, *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "tenuto.cli", *words],
        cwd=project,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextmanager
def owner(project: Path, *words: str, data: str = ".tenuto") -> Generator["subprocess.Popen[str]"]:
    """A process that owns the directory, answers, and whose run is durable: a kill before that leaves no run."""
    process = start(project, *words, "--data", data)
    try:
        wait_until(lambda: (project / data / "control.sock").exists() and _holds_a_run(project / data))
        yield process
    finally:
        process.kill()
        process.communicate()


class TestWithAnOwner:
    def test_the_socket_is_for_its_user_alone(self, write: Write, project: Path) -> None:
        """0600, and gone when the owner has ended."""
        write("slow.yaml", SLOW)

        with owner(project, "run", "slow.yaml") as process:
            socket = project / ".tenuto" / "control.sock"
            assert stat.S_IMODE(socket.stat().st_mode) == 0o600
            process.send_signal(signal.SIGINT)
            process.wait(30)

        assert not socket.exists()

    def test_a_second_run_is_handed_over_and_followed(self, tenuto, write: Write, project: Path) -> None:
        """It runs in the owner and is shown here; its outcome is the second command's."""
        write("slow.yaml", SLOW)
        write("chain.yaml", CHAIN)

        with owner(project, "run", "slow.yaml", "--name", "s"):
            said = tenuto("run", "chain.yaml", "-i", "x=5", "--name", "c", "--json")
            running = tenuto("runs", "list", "--status", "running", "--json").last

        assert (said.code, said.last["output"]) == (0, 7)
        assert "✓ two  6" in said.err
        assert [item["name"] for item in running["items"]] == ["s"]

    def test_a_name_of_the_owners_run_is_not_given_again(self, tenuto, write: Write, project: Path) -> None:
        """It is refused before it is handed over."""
        write("slow.yaml", SLOW)

        with owner(project, "run", "slow.yaml", "--name", "s"):
            said = tenuto("run", "slow.yaml", "--name", "s")

        assert said.code == 2
        assert "there is a run `s` already" in said.err

    def test_what_nodes_said_is_read_beside_the_owner(self, tenuto, write: Write, project: Path) -> None:
        """While the run goes on: the lines stand in a file."""
        write("nodes/chatty.py", CHATTY)
        write("slow.yaml", SLOW.replace("use: set, with: {value: 1}", 'use: chat.say, with: {to: "Ann"}'))

        with owner(project, "run", "slow.yaml", "--name", "s"):
            wait_until(lambda: bool(tenuto("runs", "show", "s", "--logs", "--json").last["logs"]))
            running = tenuto("runs", "show", "s", "--logs", "--json").last

        assert running["status"] == "running"
        assert [each["text"] for each in running["logs"]] == ["greeting", "two lines"]

    def test_an_agent_is_looked_at_by_the_owner_before_it_begins(self, tenuto, write: Write, project: Path) -> None:
        """Who is unknown there, and a model that cannot be asked, is bad input and leaves no run."""
        write("slow.yaml", SLOW)

        with owner(project, "run", "slow.yaml", "--name", "s"):
            known = tenuto("agents", "run", "copywriter", "Tea", "--model", "scripted:demo")
            unknown = tenuto("agents", "run", "copywritr", "Tea")
            unasked = tenuto("agents", "run", "copywriter", "Tea", "--model", "nonsense:1")
            talk = tenuto("agents", "chat", "nobody")
            runs = tenuto("runs", "list", "--json").last["items"]

        assert (known.code, unknown.code, unasked.code, talk.code) == (0, 2, 2, 2)
        assert known.err.startswith("▶ copywriter  asks scripted:demo  by name\n")
        assert "did you mean `copywriter`?" in unknown.err
        assert "`nonsense` is no provider of models" in unasked.err
        assert [each["flow"] for each in runs] == ["agent-copywriter", "slow"]

    def test_a_signal_reaches_the_run_that_waits_elsewhere(self, tenuto, write: Write, project: Path) -> None:
        """The waiting process goes on at once, and ends well."""
        write("paid.yaml", PAID)

        with owner(project, "run", "paid.yaml", "--name", "p", "--json") as process:
            wait_until(lambda: tenuto("runs", "show", "p", "--json").last["status"] == "waiting")
            said = tenuto("runs", "signal", "p", "paid", "--data", '{"amount": 3}')
            out, _ = process.communicate(timeout=30)

        assert said.code == 0
        assert json.loads(out.splitlines()[-1])["output"] == 3

    def test_an_approval_is_answered_from_elsewhere(self, tenuto, write: Write, project: Path) -> None:
        """And a refusal of the owner is said here."""
        write("ask.yaml", ASK)

        with owner(project, "run", "ask.yaml", "--name", "q", "--json") as process:
            wait_until(lambda: tenuto("runs", "show", "q", "--json").last["status"] == "waiting")
            unfit = tenuto("runs", "signal", "q", "ok", "--approve", "--form", '{"pages": 99}')
            fit = tenuto("runs", "signal", "q", "ok", "--approve", "--comment", "go")
            out, _ = process.communicate(timeout=30)

        assert (unfit.code, fit.code) == (2, 0)
        assert "pages" in unfit.err
        assert json.loads(out.splitlines()[-1])["output"] == "go"

    def test_a_run_is_cancelled_from_elsewhere(self, tenuto, write: Write, project: Path) -> None:
        """The owner's command exits 1 with status cancelled."""
        write("slow.yaml", SLOW)

        with owner(project, "run", "slow.yaml", "--name", "s", "--json") as process:
            wait_until(lambda: len(tenuto("runs", "list", "--json").last["items"]) == 1)
            said = tenuto("runs", "cancel", "s")
            out, _ = process.communicate(timeout=30)

        assert said.code == 0
        assert (process.returncode, json.loads(out.splitlines()[-1])["status"]) == (1, "cancelled")

    def test_a_backup_is_taken_by_the_owner(self, tenuto, write: Write, project: Path) -> None:
        """And restored where nothing is."""
        write("slow.yaml", SLOW)

        with owner(project, "run", "slow.yaml", "--name", "s"):
            said = tenuto("backup", "copy.db")
        restored = tenuto("restore", "copy.db", "--data", "restored")

        assert (said.code, restored.code) == (0, 0)
        assert tenuto("runs", "list", "--data", "restored", "--json").last["items"][0]["name"] == "s"

    def test_the_doctor_says_who_owns_it(self, tenuto, write: Write, project: Path) -> None:
        """By its process id."""
        write("slow.yaml", SLOW)

        with owner(project, "run", "slow.yaml") as process:
            said = tenuto("doctor")

        assert said.code == 0
        assert f"process {process.pid} drives its runs" in said.out

    def test_a_directory_with_a_long_name_works_as_well(self, tenuto, write: Write, project: Path) -> None:
        """The address of a socket holds no more than 108 bytes; a path may be longer."""
        write("slow.yaml", SLOW)
        write("hello.yaml", HELLO)
        data = "/".join(["a-directory-with-a-rather-long-name"] * 5)

        with owner(project, "run", "slow.yaml", data=data):
            said = tenuto("run", "hello.yaml", "--data", data, "--json")

        assert said.last["output"] == "Hello, world!"


class TestWithoutAnOwner:
    def test_what_a_dead_owner_left_behind_is_no_obstacle(self, tenuto, write: Write, project: Path) -> None:
        """A stale socket is replaced by the next owner's."""
        write("slow.yaml", SLOW)
        write("hello.yaml", HELLO)
        with owner(project, "run", "slow.yaml", "--name", "s"):
            pass  # killed
        assert (project / ".tenuto" / "control.sock").exists()

        said = tenuto("run", "hello.yaml", "--json")

        assert said.last["status"] == "succeeded"
        assert tenuto("runs", "cancel", "s").code == 0

    def test_a_run_that_was_handed_over_goes_on_when_the_owner_dies(self, write: Write, project: Path) -> None:
        """The process that follows it takes the directory over, and says so."""
        write("slow.yaml", SLOW)
        write("short.yaml", SLOW.replace("seconds: 20", "seconds: 2").replace("flow: slow", "flow: short"))

        with owner(project, "run", "slow.yaml", "--name", "s") as process:
            second = start(project, "run", "short.yaml", "--name", "t", "--json")
            wait_until(lambda: _has_run(project, "t"))
            process.kill()
            out, err = second.communicate(timeout=60)

        assert second.returncode == 0
        assert json.loads(out.splitlines()[-1])["output"] == 1
        assert "going on here" in err

    def test_ctrl_c_leaves_a_run_that_can_be_resumed(
        self, tenuto, write: Write, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Exit code 130, how to go on, and nothing recorded is done again."""
        monkeypatch.setenv("TENUTO_SHUTDOWN", "0.2s")  # what runs gets no time to end
        write("slow.yaml", SLOW.replace("seconds: 20", "seconds: 4"))

        with owner(project, "run", "slow.yaml", "--name", "s", "--json") as process:
            wait_until(lambda: _has_run(project, "s"))
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=30)
        resumed = tenuto("resume", "--json")

        assert process.returncode == 130
        assert json.loads(out.splitlines()[-1])["status"] == "running"
        assert "`tenuto resume s" in err
        assert "resumed s at 2/3 (1 node reused, 0 effects repeated)" in resumed.err
        assert resumed.last["output"] == 1


def _holds_a_run(data: Path) -> bool:
    async def look() -> bool:
        async with SqliteReader(data) as reader:
            return bool(await reader.runs(RunQuery(limit=1)))

    return asyncio.run(look())


def _has_run(project: Path, name: str) -> bool:
    """A node of it, and read here: a command that tells may take as long as the node that comes after."""

    async def look() -> bool:
        async with SqliteReader(project / ".tenuto") as reader:
            runs = await reader.runs(RunQuery(limit=10))
            rows = [row for run in runs if run.name == name for row in await reader.read(run.id)]
            return any(row.type == "node.succeeded" for row in rows)

    return asyncio.run(look())


class TestAnswersThatDoNotCome:
    def test_a_start_that_was_not_answered_is_not_started_again(self, project: Path) -> None:
        """P9: the owner recorded the run and ended before it said so; whoever asked finds the run by its id."""
        asked: list[str] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = json.loads(await reader.readline())
            if request["do"] == "ping":
                writer.write(b'{"ok": null}\n')
            else:
                asked.append(request["request"]["run"])
            writer.close()

        with pytest.raises(OwnerGone) as gone:
            ask(project, answer, lambda engine: engine.start(StartRequest(a_flow(HELLO))))

        assert asked == [gone.value.run]

    def test_an_owner_that_never_answers_is_not_waited_for(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It may be stopped (ctrl-z): it takes connections, and answers none."""
        monkeypatch.setattr(control, "PATIENCE", 0.05)

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        with pytest.raises(Refused, match="does not answer"):
            ask(project, silent, lambda engine: engine.cancel("x"))


def ask(project: Path, answer: Answer, request: Callable[[RemoteEngine], Awaitable[object]]) -> None:
    """Ask an owner that answers in this way."""

    async def play() -> None:
        (project / ".tenuto").mkdir()
        async with await asyncio.start_unix_server(answer, project / ".tenuto" / NAME):
            await request(RemoteEngine(project / ".tenuto"))

    asyncio.run(play())


def a_flow(text: str) -> Flow:
    flow = load(text.encode(), format="yaml").flow
    assert flow is not None
    return flow
