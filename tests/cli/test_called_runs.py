"""What a called flow asks is seen and answered at the run that called it, however deep it is called."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Tenuto
from cli.test_terminal import Terminal

Write = Callable[[str, str], Path]

SUB = """
flow: sub
nodes:
  ok: {use: approval, with: {question: "Deep down?", form: {type: object, properties: {n: {type: integer, default: 2}}}}}
output: ${ok.form.n}
"""

MID = """
flow: mid
nodes:
  m: {use: call, with: {flow: sub}}
  go: {use: wait, after: [m], with: {signal: go}}
output: ${[m, go]}
"""

TOP = """
flow: top
nodes:
  c: {use: call, with: {flow: mid}}
output: ${c}
"""


@pytest.fixture
def flows(write: Write) -> None:
    for name, text in (("sub", SUB), ("mid", MID), ("top", TOP)):
        write(f"{name}.yaml", text)


@pytest.mark.usefixtures("flows")
class TestCalledRuns:
    def test_the_parent_waits_and_shows_what_is_asked(self, tenuto: Tenuto) -> None:
        """SEMANTICS 36, 41: a run whose child waits, waits; `runs show` says for what, and how to answer."""
        ran = tenuto("run", "top.yaml", "--name", "p", "--no-wait")
        shown = tenuto("runs", "show", "p")
        told = tenuto("runs", "show", "p", "--json").last

        assert ran.code == 3
        assert "tenuto runs signal p c/m/ok --approve" in ran.out.replace("'", "")
        assert "Deep down?" in shown.out
        assert told["status"] == "waiting"
        waits = told["nodes"]["c"]["waits_for"]
        assert (waits["kind"], waits["path"], waits["run"]) == ("run", "c", told["nodes"]["c"]["child"])
        assert [(each["kind"], each["path"], each["question"]) for each in waits["waits"]] == [
            ("approval", "c/m/ok", "Deep down?")
        ]

    def test_an_answer_reaches_the_run_that_asked(self, tenuto: Tenuto) -> None:
        """SEMANTICS 25: two levels deep; a form that is left out is its defaults, and a plain signal goes the same way."""
        tenuto("run", "top.yaml", "--name", "p", "--no-wait")

        answered = tenuto("runs", "signal", "p", "c/m/ok", "--approve")
        again = tenuto("runs", "signal", "p", "c/m/ok", "--approve")
        sent = tenuto("runs", "signal", "p", "c/go", "--payload", "5")
        ended = tenuto("resume", "p", "--json")

        assert "approved `c/m/ok` of p" in answered.out
        assert again.code == 2
        assert "answered" in again.err or "ended" in again.err
        assert sent.code == 0
        assert (ended.code, ended.last["output"]) == (0, [2, 5])

    @pytest.mark.parametrize("path", ["c/m/nothing", "d/ok", "c/x/ok"])
    def test_an_approval_that_nobody_asks_is_refused(self, tenuto: Tenuto, path: str) -> None:
        """Whatever part of its path is wrong; the hint is what is asked."""
        tenuto("run", "top.yaml", "--name", "p", "--no-wait")

        said = tenuto("runs", "signal", "p", path, "--approve")

        assert said.code == 2
        assert said.err.startswith("error: ")

    def test_a_run_that_was_not_called_yet_hears_nothing(self, tenuto: Tenuto, write: Write) -> None:
        """A signal is not kept for a run that does not exist."""
        write("late.yaml", "flow: late\nnodes:\n  w: {use: wait, with: {signal: x}}\n"
              "  c: {use: call, after: [w], with: {flow: sub}}\n")  # fmt: skip
        tenuto("run", "late.yaml", "--name", "p", "--no-wait")

        said = tenuto("runs", "signal", "p", "c/go")

        assert said.code == 2
        assert "`c` of p has no open run" in said.err


@pytest.mark.usefixtures("flows")
@pytest.mark.skipif(os.name == "nt", reason="a pseudo-terminal is needed")
def test_the_terminal_asks_what_a_called_flow_asks(write: Write, project: Path) -> None:
    """SEMANTICS 41: the one who follows the parent answers for the child."""
    write("mid.yaml", "flow: mid\nnodes:\n  m: {use: call, with: {flow: sub}}\noutput: ${m}\n")

    terminal = Terminal(project, "run", "top.yaml", "--name", "p")
    terminal.read_until("Approve? [y/n]")
    terminal.type("y")
    terminal.read_until("(integer = 2):")
    terminal.type("7")
    terminal.read_until("Comment")
    terminal.type("")
    code = terminal.end()

    assert "Deep down?  (c/m/ok)" in terminal.text
    assert "succeeded  p" in terminal.text
    assert code == 0
