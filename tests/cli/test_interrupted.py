"""Runs that nobody drives: how a list says so, and what resuming many of them prints."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cli.conftest import Tenuto

Write = Callable[[str, str], Path]

SLOW = "flow: slow\nnodes:\n  a: {use: debug.sleep, with: {seconds: 60}}\n"


def test_a_run_whose_process_died_is_interrupted(tenuto: Tenuto, write: Write, project: Path) -> None:
    """People read `interrupted` and what to do; JSON keeps the status of the contract. SEMANTICS 36."""
    write("slow.yaml", SLOW)
    with subprocess.Popen(
        [sys.executable, "-m", "tenuto.cli", "run", "slow.yaml", "--name", "r"],
        cwd=project,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        text=True,
    ) as process:
        assert process.stdout is not None
        assert "slow  r" in process.stdout.readline()
        driven = tenuto("runs", "list")
        process.kill()

    left = tenuto("runs", "list")
    told = tenuto("runs", "list", "--json").last
    shown = tenuto("runs", "show", "r")

    assert "running" in driven.out
    assert "interrupted" in left.out
    assert "running" not in left.out
    assert "`tenuto resume` goes on" in left.err
    assert [item["status"] for item in told["items"]] == ["running"]
    assert "interrupted" in shown.out
    assert "`tenuto resume r` goes on" in shown.err


def test_many_that_are_resumed_are_summed_up(tenuto: Tenuto, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line for the first, a count of the others; nothing is asked of the terminal's memory."""
    monkeypatch.setattr("tenuto.cli.driving.LINES", 3)
    nodes = "  w: {use: wait, with: {signal: x}}\n  e: {use: debug.echo, after: [w]}\n"
    write("hello.yaml", f"flow: w\nnodes:\n{nodes}")
    for number in range(6):
        tenuto("run", "hello.yaml", "--name", f"r{number}", "--no-wait")
        tenuto("runs", "signal", f"r{number}", "x")

    said = tenuto("resume")

    assert said.code == 0
    assert said.out.count("resumed r") == 2
    assert "… and 4 more runs (" in said.out
    assert "… and 6 more runs: 6 succeeded" in said.out
