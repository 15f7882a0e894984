"""Bad input to every command: one or two clear lines on stderr, the documented exit code, no traceback.

The fixture `tenuto` refuses a traceback; the table here says what else holds of each.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.flows import CHAIN, HELLO

Write = Callable[[str, str], Path]

BOMB = "a: &a [x,x]\n" + "\n".join(f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]" for n in range(20))

DOCUMENTS: dict[str, bytes] = {
    "empty": b"",
    "binary": bytes(range(256)) * 40,
    "nul": b"flow: x\x00y\n",
    "utf-16": "flow: hello".encode("utf-16"),
    "fifty megabytes": b"# " + b"x" * 50_000_000,
    "bomb": BOMB.encode(),
    "tag": b"flow: !!python/object/apply:os.system ['true']\nnodes: {}\n",
    "anchor": b"flow: &a hello\nnodes: {x: {use: set, with: {value: *a}}}\n",
    "duplicate key": b"flow: hello\nflow: again\nnodes: {}\n",
    "deep": b"[" * 5_000,
    "tabs": b"flow: hello\nnodes:\n\ta: {use: set}\n",
    "a list": b"- 1\n- 2\n",
    "a number": b"42\n",
    "no nodes": b"flow: hello\n",
    "unknown type": b"flow: hello\nnodes: {a: {use: http.reqest}}\n",
    "unknown name": b"flow: hello\nnodes: {a: {use: set, with: {value: '${b}'}}}\n",
    "cycle": b"flow: hello\nnodes: {a: {use: set, with: {value: '${b}'}}, b: {use: set, with: {value: '${a}'}}}\n",
    "not a number": b"flow: hello\nnodes: {a: {use: set, with: {value: .nan}}}\n",
    "two to the 63": b"flow: hello\nnodes: {a: {use: set, with: {value: 9223372036854775808}}}\n",
    "broken json": b'{"flow": "hello", ',
    "half a surrogate": b'{"flow": "hello", "nodes": {"a": {"use": "set", "with": {"value": "\\ud800"}}}}',
    "unquoted condition": b"flow: hello\nnodes:\n  a: {use: set, with: {value: ${true ? 1 : 2}}}\n",
}


def clear(err: str) -> None:
    """One or two short lines that say something."""
    lines = [line for line in err.splitlines() if line.strip()]
    assert 1 <= len(lines) <= 4, err
    assert all(len(line) < 700 for line in lines)


class TestDocuments:
    @pytest.mark.parametrize("name", DOCUMENTS)
    def test_a_document_that_cannot_run_is_refused(self, tenuto, project: Path, name: str) -> None:
        """`run` exits 2 and says what is wrong, whatever the bytes are; nothing is stored."""
        (project / "bad.yaml").write_bytes(DOCUMENTS[name])

        said = tenuto("run", "bad.yaml", "--json")

        assert (said.code, said.out) == (2, "")
        clear(said.err)
        assert not (project / ".tenuto").exists()

    @pytest.mark.parametrize("name", DOCUMENTS)
    def test_check_says_what_is_wrong_with_it(self, tenuto, project: Path, name: str) -> None:
        """`check` exits 2; with JSON every problem has its fields."""
        (project / "bad.yaml").write_bytes(DOCUMENTS[name])

        said, told = tenuto("check", "bad.yaml"), tenuto("check", "bad.yaml", "--json")

        assert (said.code, told.code) == (2, 2)
        assert all(line.startswith("bad.yaml") for line in said.out.splitlines())
        assert not told.last["ok"]
        assert {"severity", "path", "line", "column", "code", "message", "hint"} <= set(told.last["problems"][0])

    def test_a_problem_has_its_place_and_a_hint(self, tenuto, write: Write) -> None:
        """`path: code message (hint)`, after file, line and column."""
        write(
            "typo.yaml",
            "flow: typo\nnodes:\n  plan: {use: set, with: {value: 1}}\n  next: {use: set, with: {value: '${plam}'}}\n",
        )

        said = tenuto("check", "typo.yaml")

        assert said.out.startswith("typo.yaml:4:")
        assert "nodes.next.with.value: unknown_name" in said.out
        assert "did you mean `plan`?" in said.out

    def test_a_folder_is_checked_file_by_file(self, tenuto, write: Write) -> None:
        """All flows in it."""
        write("flows/a.yaml", HELLO)
        write("flows/b.yaml", CHAIN)

        assert "2 flows, no problems" in tenuto("check", "flows").out

    def test_a_folder_without_flows_is_not_called_well(self, tenuto, write: Write) -> None:
        """Exit code 2: whoever checks a folder in a pipeline must hear that it was the wrong one."""
        write("empty/notes.txt", "nothing here")

        said = tenuto("check", "empty")

        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: no flows in empty\n")


class TestFiles:
    @pytest.mark.parametrize(
        "word", ["missing.yaml", "missing", ".", "/", "no\x00name", "x" * 5_000, "dir/missing.yaml", ""]
    )
    @pytest.mark.parametrize("command", ["run", "check"])
    def test_what_is_no_file_is_said_to_be_none(self, tenuto, project: Path, command: str, word: str) -> None:
        """Exit code 2. (What `check` finds in `/` is the machine's own.)"""
        (project / "dir").mkdir()

        said = tenuto(command, word)

        if command != "check" or word != "/":
            assert said.code == 2
            clear(said.err)

    def test_a_file_that_may_not_be_read_is_said_to_be_so(self, tenuto, project: Path) -> None:
        """A loop of links stands for it: the superuser may read anything else."""
        (project / "loop.yaml").symlink_to("loop.yaml")

        said = tenuto("run", "loop.yaml")

        assert said.code == 2
        clear(said.err)

    def test_a_data_directory_that_is_a_file_is_refused(self, tenuto, write: Write) -> None:
        """Nothing is overwritten."""
        write("hello.yaml", HELLO)
        write("data", "mine")

        for words in (["run", "hello.yaml"], ["runs", "list"], ["resume"], ["backup", "b"]):
            said = tenuto(*words, "--data", "data")
            assert said.code == 2
            clear(said.err)

    def test_a_journal_that_is_none_is_refused_whole(self, tenuto, write: Write) -> None:
        """A clear sentence, exit code 1, and the file stays as it was."""
        write("hello.yaml", HELLO)
        journal = write(".tenuto/journal.db", "this is no journal" * 100)

        for words in (["run", "hello.yaml"], ["runs", "list"], ["resume"], ["doctor"]):
            said = tenuto(*words)
            assert said.code == 1
        assert journal.read_text().startswith("this is no journal")


INPUTS = [
    ["--input", "{"],
    ["--input", "[1]"],
    ["--input", '"text"'],
    ["--input", "NaN"],
    ["--input", '{"name": NaN}'],
    ["--input", '{"times": 9223372036854775808}'],
    ["--input", '{"times": 1e999}'],
    ["--input", '{"name": "\\ud800"}'],
    ["--input", '{"name": 1}'],
    ["--input", '{"name": "a", "name": "b"}'],
    ["--input", '{"nam": "a"}'],
    ["--input", "[" * 10_000],
    ["--input", "@missing.json"],
    ["--input", "@."],
    ["-i", "name"],
    ["-i", "=x"],
    ["-i", "times=many"],
    ["-i", "times=0"],
    ["-i", "times=1.5"],
    ["-i", "times=9223372036854775808"],
    ["-i", "tims=1"],
    ["-i", "times=NaN"],
]


@pytest.mark.parametrize("words", INPUTS, ids=lambda words: " ".join(words)[:40])
def test_input_that_breaks_the_schema_starts_nothing(tenuto, write: Write, project: Path, words: list[str]) -> None:
    """Exit code 2, what is wrong with it, and no run."""
    write("hello.yaml", HELLO)

    said = tenuto("run", "hello.yaml", *words)

    assert (said.code, said.out) == (2, "")
    clear(said.err)
    assert not (project / ".tenuto").exists()


def test_half_a_surrogate_on_the_command_line_is_refused(tenuto, write: Write) -> None:
    """That is how Python shows bytes that are no text."""
    write("hello.yaml", HELLO)

    said = tenuto("run", "hello.yaml", "-i", "name=\udcff")

    assert said.code == 2
    clear(said.err)


COMMANDS = [
    ["runs", "show", "nope"],
    ["runs", "show", ""],
    ["runs", "show", "no\x00pe"],
    ["runs", "show", "x" * 10_000],
    ["runs", "show", "' OR 1=1 --"],
    ["runs", "show", "h", "--under", "nope"],
    ["runs", "events", "nope"],
    ["runs", "events", "h", "--after", "many"],
    ["runs", "events", "h", "--after", "-1"],
    ["runs", "watch", "nope"],
    ["runs", "cancel", "nope"],
    ["runs", "cancel", "h"],
    ["runs", "delete", "nope"],
    ["runs", "diff", "h", "nope"],
    ["runs", "diff", "nope", "h"],
    ["runs", "retry", "nope"],
    ["runs", "retry", "h"],
    ["runs", "retry", "h", "--from", "nope"],
    ["runs", "retry", "h", "--from", "greeting", "--flow", "missing.yaml"],
    ["runs", "fork", "nope"],
    ["runs", "fork", "h", "--at", "nope"],
    ["runs", "fork", "h", "--at", "0"],
    ["runs", "fork", "h", "--at", "999"],
    ["runs", "fork", "h", "--at", "9" * 50],
    ["runs", "fork", "h", "--set", "input.times=0"],
    ["runs", "signal", "nope", "x"],
    ["runs", "signal", "h", "x"],
    ["runs", "signal", "h", "x", "--approve", "--reject"],
    ["runs", "signal", "h", "x", "--data", "{"],
    ["runs", "signal", "h", "x", "--approve", "--form", "{"],
    ["runs", "signal", "h", "x", "--comment", "why"],
    ["runs", "decide", "h", "greeting", "retry"],
    ["runs", "decide", "h", "greeting", "perhaps"],
    ["runs", "list", "--status", "done"],
    ["runs", "list", "--limit", "0"],
    ["runs", "list", "--limit", "many"],
    ["runs", "frobnicate"],
    ["resume", "nope"],
    ["nodes", "http.reqest"],
    ["nodes", "map"],
    ["backup", "missing/b.db"],
    ["backup", "hello.yaml"],
    ["run"],
    ["run", "hello.yaml", "--frobnicate"],
    ["run", "hello.yaml", "--name", ""],
    ["run", "hello.yaml", "--name", "a\nb"],
    ["frobnicate"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words)[:50].replace("\x00", "0"))
def test_every_command_refuses_what_it_cannot_do(tenuto, write: Write, words: list[str]) -> None:
    """Exit code 2 and one or two clear lines."""
    write("hello.yaml", HELLO)
    tenuto("run", "hello.yaml", "--name", "h")

    said = tenuto(*words)

    assert (said.code, said.out) == (2, "")
    clear(said.err)


ODD_NODES = {
    "raises": "raise RuntimeError('odd')",
    "raises a key error with nothing": "raise KeyError",
    "exits": "raise SystemExit(7)",
    "is interrupted": "raise KeyboardInterrupt",
    "answers an object": "return object()",
    "answers nan": "return float('nan')",
    "answers two to the 63": "return 2**63",
    "answers half a surrogate": "return '\\ud800'",
    "answers itself": "x = []; x.append(x); return x",
    "answers a function": "return lambda: 1",
    "raises what cannot be shown": "class E(Exception):\n        def __str__(self): raise ValueError('no')\n    raise E()",
}


@pytest.mark.parametrize("name", ODD_NODES)
def test_whatever_a_node_does_the_run_has_an_outcome(tenuto, write: Write, name: str) -> None:
    """The run fails and names the node; the command exits 1 with the outcome on its last line."""
    write(
        "nodes/odd.py",
        f'from tenuto.sdk import node\n\n@node("odd.one")\ndef one():\n    """Odd."""\n    {ODD_NODES[name]}\n',
    )
    write("odd.yaml", "flow: odd\nnodes: {a: {use: odd.one}}\n")

    said = tenuto("run", "odd.yaml", "--json")

    assert said.code == 1
    assert said.last["status"] == "failed"
    assert said.last["error"]["node"] == "a"


def test_a_node_whose_file_is_no_python_is_said_before_anything_runs(tenuto, write: Write, project: Path) -> None:
    """Exit code 2, the file and the line."""
    write("nodes/odd.py", "from tenuto.sdk import node\n\ndef (:\n")
    write("odd.yaml", "flow: odd\nnodes: {a: {use: odd.one}}\n")

    said = tenuto("run", "odd.yaml")

    assert said.code == 2
    assert "odd.py:3" in said.err
    assert not (project / ".tenuto").exists()


@pytest.mark.parametrize("text", ["data = 3", "nope = 1", "[[", "[vars", 'threads = "many"'])
def test_settings_that_cannot_be_are_said(tenuto, write: Write, text: str) -> None:
    """Exit code 2 and the setting."""
    write("hello.yaml", HELLO)
    write("tenuto.toml", text)

    said = tenuto("run", "hello.yaml")

    assert said.code == 2
    assert "tenuto.toml" in said.err
    clear(said.err)


@pytest.mark.parametrize(
    ("words", "code"),
    [(["run", "hello.yaml"], 0), (["run", "missing.yaml"], 2), (["runs", "show", "nope"], 2), (["check", "-"], 2)],
)
def test_the_exit_code_is_that_of_the_process(write: Write, project: Path, words: list[str], code: int) -> None:
    """As a real process, with an encoding that knows no letters but ASCII."""
    write("hello.yaml", HELLO)

    done = subprocess.run(
        [sys.executable, "-m", "tenuto.cli", *words],
        cwd=project,
        env={"PATH": "", "PYTHONIOENCODING": "ascii", "HOME": str(project)},
        input="",
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_debug_shows_where_a_failure_came_from(write: Write, project: Path) -> None:
    """Without it never."""
    done = subprocess.run(
        [sys.executable, "-m", "tenuto.cli", "--debug", "run", "missing.yaml"],
        cwd=project,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 2
    assert "Traceback" in done.stderr
    assert "there is no file missing.yaml" in done.stderr


def test_a_reader_that_leaves_early_is_no_error(write: Write, project: Path) -> None:
    """`tenuto runs events … | head -1`."""
    write("hello.yaml", HELLO)
    command = f"'{sys.executable}' -m tenuto.cli"
    script = f"{command} run hello.yaml --name h >/dev/null && {command} runs events h --json | head -c 1"

    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script], cwd=project, capture_output=True, text=True, timeout=60
    )

    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout + "}") == {}
