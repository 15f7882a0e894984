"""Every example runs as its header says."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tenuto.cli import main

EXAMPLES = Path(__file__).parents[2] / "examples"
FLOWS = sorted(EXAMPLES.glob("*.yaml"))

Run = Callable[..., dict[str, object]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Carry out a command; the last line of its stdout as JSON, with the exit code."""
    monkeypatch.setenv("TENUTO_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(EXAMPLES.parent)

    def carry_out(*words: str) -> dict[str, object]:
        code = main([*words, "--json"])
        out = capsys.readouterr().out
        return {**(json.loads(out.splitlines()[-1]) if out else {}), "code": code}

    return carry_out


@pytest.mark.parametrize("file", FLOWS, ids=lambda file: file.stem)
def test_an_example_says_what_to_look_at_and_how_to_run_it(file: Path) -> None:
    """Its header has the command with its own name, and the flow is called as the file is."""
    header = re.match(r"(#.*\n)+", file.read_text())

    assert header is not None
    assert f"tenuto run examples/{file.name}" in header[0]
    assert "# Look at: " in header[0]
    assert f"\nflow: {file.stem}\n" in file.read_text()


def test_there_are_no_problems_in_them(run: Run) -> None:
    """Not even warnings."""
    assert run("check", "examples") == {"code": 0, "ok": True, "problems": []}


OUTPUTS = {
    "hello": (["-i", "name=Ada"], "Hello, Ada!"),
    "branch": (["-i", "amount=800"], "A person looks at the refund of 800."),
    "map": (["-i", 'cities=["Lima", "Oslo"]', "-i", "pause=0"], ["1. Lima has 4 letters", "2. Oslo has 4 letters"]),
    "retry": ([], "Yesterday's prices (error: the service is down, after 3 attempts)"),
    "sub-flow": ([], ["Hello, Ada!", "Hello, Grace!"]),
    "durable": (["-i", "pause=0"], "A book on tea in 4 chapters: Origins, Leaves, Water, Time."),
    "own-node": (["-i", "text=Not so"], {"text": "Not so", "palindrome": False}),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_an_example_comes_to_its_output(run: Run, name: str) -> None:
    """From its start to its end, without help."""
    words, output = OUTPUTS[name]

    outcome = run("run", f"examples/{name}.yaml", *words)

    assert (outcome["code"], outcome["output"]) == (0, output)


def test_the_small_refund_takes_the_other_way(run: Run) -> None:
    """Both ways of `branch` lead to the output."""
    assert run("run", "examples/branch.yaml", "-i", "amount=80")["output"] == "Refunded 80 at once."


def test_the_loop_comes_near_enough(run: Run) -> None:
    """To the square root of two."""
    output = run("run", "examples/loop.yaml")["output"]

    assert isinstance(output, dict)
    assert abs(float(str(output["root"])) - 2**0.5) < 0.001  # pyright: ignore[reportUnknownArgumentType]


@pytest.mark.parametrize(
    ("answer", "output"), [("--approve", "2 paragraphs on tea, as planned."), ("--reject", "Not written.")]
)
def test_the_approval_is_answered_either_way(run: Run, answer: str, output: str) -> None:
    """From another command, while the run waits."""
    waiting = run("run", "examples/approval.yaml", "--no-wait", "--name", "a")
    run("runs", "signal", "a", "ok", answer)

    assert waiting["code"] == 3
    assert run("resume", "a", "--no-wait")["output"] == output


@pytest.mark.parametrize(("answer", "said"), [("--approve", "12.50"), ("--reject", "A colleague")])
def test_the_agent_asks_before_it_refunds(run: Run, answer: str, said: str) -> None:
    """It looks the order up by itself; what was decided stands in its answer."""
    waiting = run("run", "examples/agent.yaml", "--no-wait", "--name", "l")
    run("runs", "signal", "l", "answer/tool:2", answer)

    assert waiting["code"] == 3
    assert said in str(run("resume", "l", "--no-wait")["output"])


def test_the_order_ships_when_it_is_paid(run: Run) -> None:
    """A signal with a payload."""
    run("run", "examples/signal.yaml", "--no-wait", "--name", "s")
    run("runs", "signal", "s", "paid", "--data", '{"amount": 12.5}')

    assert run("resume", "s", "--no-wait")["output"] == "Order A-17 ships: 12.5 received."


def test_every_example_is_run_here() -> None:
    """A new one has its test."""
    assert {file.stem for file in FLOWS} == {*OUTPUTS, "loop", "approval", "signal", "agent"}


def test_the_tour_goes_through_and_leaves_nothing_behind(tmp_path: Path) -> None:
    """As `make up` runs it: all stops, the resumed run among them, and what to try next."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "tour.py")], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "↻ resumed tea-book at 3/4 (2 nodes reused, 0 effects repeated)" in done.stdout
    assert "approved by" in done.stdout
    assert "What to try now" in done.stdout
    assert list(tmp_path.iterdir()) == []
