"""The benchmarks that need no peer still do their work, on a small amount of it. How fast is `make bench`'s business."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize("script", ["engine.py", "peers/bare_journal.py"])
@pytest.mark.parametrize("kind", ["chain", "fan"])
def test_the_common_work_is_done_and_counted(script, kind):
    line = _answer(script, kind, "4", "3", "2")

    assert line.keys() == {"peer", "kind", "runs", "steps", "conc", "runs_s", "steps_s", "p50_ms"}
    assert (line["kind"], line["runs"], line["steps"], line["conc"]) == (kind, 4, 3, 2)
    assert line["steps_s"] > 0


def test_a_large_journal_is_filled_and_measured():
    line = _answer("large_journal.py", "100", "20")

    assert line["facts"] >= 100
    assert line["large_p95_ms"] > 0


def test_the_two_databases_are_measured_beside_each_other():
    line = _answer("postgres.py", "1", "10")

    assert line["sqlite_steps_s"] > 0
    assert line["postgres_steps_s"] > 0


@pytest.mark.nightly
def test_agents_are_measured():
    line = _answer("agents.py", "--runs", "2", "--crowd", "3", "--no-peer")

    assert line["commits_a_step"] == 1
    assert line["crowd_all_heard"]
    assert line["first_token_ms"] > 0


def _answer(script: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run([sys.executable, str(FOLDER / script), *arguments], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])
