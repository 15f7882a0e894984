"""What a person at a terminal sees: the tree, the questions, the last line. In a real pseudo-terminal."""

import io
import json
import os
import pty
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from cli.flows import ASK, FAIL, HELLO
from tenuto.cli.look import duration, headline, line, look_of, note, preview, safe, say
from tenuto.cli.painting import coloured
from tenuto.cli.tree import Tree, streamed_text
from tenuto.core import events
from tenuto.documents import load
from tenuto.service.follow import Follower

Write = Callable[[str, str], Path]

HOSTILE = "x\x1b]0;\x07\x7f\x9b\u202e\n"  # names the window, rings the bell, commands, turns the line round
DOES = {sign for sign in HOSTILE if not sign.isprintable()} - {"\n"}

SEQUENCE = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


class Terminal:
    """A command at a terminal of its own."""

    def __init__(self, project: Path, *words: str, **environment: str) -> None:
        self.fd, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tenuto.cli", *words],
            cwd=project,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "40", **environment},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        os.set_blocking(self.fd, False)
        self.raw = ""

    @property
    def text(self) -> str:
        """Everything that was written, without colours and cursor movements."""
        return SEQUENCE.sub("", self.raw).replace("\r", "")

    def read_until(self, expected: str) -> None:
        deadline = time.monotonic() + 30
        while expected not in self.text:
            assert time.monotonic() < deadline, self.text
            if not self._read() and self.process.poll() is not None:
                self._read()
                assert expected in self.text, self.text
                return
            time.sleep(0.02)

    def type(self, line: str) -> None:
        os.write(self.fd, f"{line}\n".encode())

    def end(self) -> int:
        deadline = time.monotonic() + 30
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self._read()
            time.sleep(0.02)
        self._read()
        os.close(self.fd)
        return self.process.returncode

    def _read(self) -> bool:
        try:
            said = os.read(self.fd, 65536)
        except (BlockingIOError, OSError):
            return False
        self.raw += said.decode()
        return bool(said)


class TestAtATerminal:
    def test_the_tree_stands_there_when_all_is_done(self, write: Write, project: Path) -> None:
        """With marks, colours, the output and how it went."""
        write("hello.yaml", HELLO)

        terminal = Terminal(project, "run", "hello.yaml", "--name", "otter")
        code = terminal.end()

        assert code == 0
        assert "▶ hello  otter" in terminal.text
        assert "✓ greeting" in terminal.text
        assert "✓ succeeded  otter  1 node" in terminal.text
        assert "\x1b[32m✓" in terminal.raw

    def test_an_approval_is_asked_and_answered_where_the_flow_runs(self, write: Write, project: Path) -> None:
        """SEMANTICS 41: the question, what it shows, the form field by field, and again where an answer does not fit."""
        write("ask.yaml", ASK)

        terminal = Terminal(project, "run", "ask.yaml", "--name", "q")
        terminal.read_until("Approve? [y/n]")
        terminal.type("perhaps")
        terminal.read_until("Please answer y or n.")
        terminal.type("y")
        terminal.read_until("pages (integer):")
        terminal.type("99")
        terminal.read_until("99 is more than 9")
        terminal.type("3")
        terminal.read_until("Comment")
        terminal.type("go ahead")
        code = terminal.end()

        assert code == 0
        assert "│ a plan" in terminal.text
        assert "go ahead" in terminal.text.partition("Comment")[2].partition("go ahead")[2]

    def test_a_question_can_be_left_open(self, write: Write, project: Path) -> None:
        """Ctrl-d leaves it to somebody else, who is told how; the run goes on waiting until ctrl-c."""
        write("ask.yaml", ASK)

        terminal = Terminal(project, "run", "ask.yaml", "--name", "q")
        terminal.read_until("Approve? [y/n]")
        os.write(terminal.fd, b"\x04")
        terminal.read_until("left open: tenuto runs signal q ok --approve")
        terminal.process.send_signal(2)
        code = terminal.end()

        assert code == 130
        assert "`tenuto resume q` goes on" in terminal.text

    def test_a_failure_is_shown_with_what_to_do(self, write: Write, project: Path) -> None:
        """The node, the message, the command."""
        write("fail.yaml", FAIL)

        terminal = Terminal(project, "run", "fail.yaml", "--name", "f")
        code = terminal.end()

        assert code == 1
        assert "✗ broken" in terminal.text
        assert "it is broken 1 (at broken)" in terminal.text
        assert "tenuto runs retry f" in terminal.text

    @pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"PYTHONIOENCODING": "ascii"}])
    def test_a_plain_terminal_gets_plain_lines(self, write: Write, project: Path, environment: dict[str, str]) -> None:
        """No colours, no cursor movements; without UTF-8 no marks beyond ASCII."""
        write("hello.yaml", HELLO)

        terminal = Terminal(project, "run", "hello.yaml", **environment)
        code = terminal.end()

        assert code == 0
        assert "\x1b" not in terminal.raw
        assert "greeting  Hello, world!" in terminal.raw
        assert terminal.raw.isascii() == ("PYTHONIOENCODING" in environment)


MANY = """
flow: many
nodes:
  all:
    use: map
    over: [1, 2, 3, 4]
    concurrency: 2
    nodes: {one: {use: debug.echo, with: {value: "${item}"}, retry: {attempts: 3}}}
    output: ${one}
  last: {use: set, with: {value: "${all}"}}
"""


class TestTree:
    def drawn(self, facts: list[events.Fact], height: int = 30, document: str = MANY) -> str:
        flow = load(document).flow
        assert flow is not None
        follower = Follower(flow)
        for seq, fact in enumerate(facts, 1):
            follower.fold(seq, fact)
        console = Console(file=io.StringIO(), width=90, height=height)
        console.print(Tree(io.StringIO(), follower, console=console).render(follower.view()))
        assert isinstance(console.file, io.StringIO)
        return console.file.getvalue()

    def begun(self) -> events.RunStarted:
        return events.RunStarted(1000.0, "id", "otter", "many", "hash", {})

    def test_a_map_is_one_line_with_its_count(self) -> None:
        """How many items there are is known from the moment when it opens, though no fact says it."""
        assert "all   ──────────────── 0/4" in self.drawn([self.begun()])

    def test_below_a_map_only_what_is_notable_is_shown(self) -> None:
        """An item that succeeded is counted; one that is tried again has its line."""
        facts: list[events.Fact] = [
            self.begun(),
            events.NodeSucceeded(1001, "all[0].one", "done", 1, input={}),
            events.ItemDone(1001, "all", 0, 1),
            events.NodeRetrying(1002, "all[1].one", 1, 9e9, {"type": "error", "message": "not now"}),
        ]

        drawn = self.drawn(facts)

        assert "━━━━──────────── 1/4" in drawn
        assert "[1].one" in drawn
        assert "attempt 2/3" in drawn
        assert "not now" in drawn
        assert "[0].one" not in drawn

    def test_what_an_agent_streams_reads_as_words(self) -> None:
        """Its own words, and the names of the tools that it calls; what else streams is JSON."""
        pieces = [
            {"text": "Let me "},
            {"text": "look."},
            {"tool": "http:search", "call": 1, "status": "called"},
            {"n": 1},
        ]

        assert "".join(map(streamed_text, pieces)) == 'Let me look. [http:search called] {"n": 1}'

    def test_what_does_not_fit_is_counted(self) -> None:
        """The window keeps what goes on in sight."""
        nodes = "\n".join(
            f"  n{n:02}: {{use: debug.echo, with: {{value: {n}}}, after: [{f'n{n - 1:02}' if n else ''}]}}"
            for n in range(40)
        )
        done: list[events.Fact] = [events.NodeSucceeded(1001, f"n{n:02}", "done", n, input={}) for n in range(20)]

        drawn = self.drawn([self.begun(), *done], height=16, document=f"flow: many\nnodes:\n{nodes}\n")

        assert "n20" in drawn
        assert "to come" in drawn
        assert "before" in drawn
        assert len(drawn.splitlines()) <= 16


class TestWords:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0.04, "0.0s"),
            (9.94, "9.9s"),
            (59.4, "59s"),
            (61, "1m 01s"),
            (3_600, "1h 00m"),
            (90_000, "1d 1h"),
            (-1, "0.0s"),
        ],
    )
    def test_a_time_is_said_in_its_own_size(self, seconds: float, text: str) -> None:
        """Two units at most."""
        assert duration(seconds) == text

    def test_a_preview_is_one_short_line(self) -> None:
        """Whatever the value is."""
        assert preview("a\n  b\tc") == "a b c"
        assert len(preview({"x": "y" * 500})) == 60

    def test_a_file_is_its_name_and_its_size(self) -> None:
        file = {"$file": "x" * 100, "name": "plan.md", "media_type": "text/markdown", "size": 1_500}

        assert preview(file) == "plan.md (1.5 kB)"
        assert preview({"file": file, "size": 1_500, "beginning": "One\ntwo"}) == "plan.md (1.5 kB): One two"
        assert preview({"$file": "x", "size": "many"}) == '{"$file": "x", "size": "many"}'

    def test_safe_text_moves_no_cursor(self) -> None:
        """Escape sequences become visible marks; letters of any alphabet stay."""
        assert safe("\x1b[2J\x07Ł🎉\n") == "�[2J�Ł🎉\n"

    def test_nothing_else_is_said(self, capsys: pytest.CaptureFixture[str]) -> None:
        """SECURITY 33: whatever stands in it, and whoever forgot about it."""
        for write in (say, note, headline):
            write(HOSTILE)

        said = capsys.readouterr()

        assert set(said.out + said.err) & DOES <= {"\x1b"}
        assert said.err.count("\x1b") == 2, "the headline is bold"

    def test_programs_are_told_in_visible_characters(self) -> None:
        told = line({"said": HOSTILE})

        assert told.isascii()
        assert told.isprintable()
        assert json.loads(told) == {"said": HOSTILE}

    def test_a_value_is_shown_and_does_nothing(self) -> None:
        """JSON itself hides the first controls alone."""
        screen = io.StringIO()
        Console(file=screen, force_terminal=True, color_system=None).print(coloured({"said": [HOSTILE]}))

        assert not set(screen.getvalue()) & DOES

    def test_a_stream_that_is_no_terminal_is_plain(self) -> None:
        """Neither colours nor moving lines."""
        assert not look_of(io.StringIO()).rich
