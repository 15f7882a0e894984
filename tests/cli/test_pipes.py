"""A reader that has seen enough (`| head`) is no failure: as a process of its own, since pipes are the system's."""

import subprocess
import sys
from pathlib import Path

import pytest

HELLO = "flow: hello\nnodes:\n  a: {use: set, with: {value: 1}}\noutput: ${a}\n"


@pytest.mark.parametrize("words", ["nodes", "--help", "runs list", "runs events r --json", "runs show r"])
def test_nothing_is_said_when_nobody_reads_any_more(tmp_path: Path, words: str) -> None:
    """Neither a traceback nor an error; 141, as of any program that a closed pipe ends, or 0 if all had been written."""
    (tmp_path / "hello.yaml").write_text(HELLO)
    tenuto = [sys.executable, "-m", "tenuto.cli"]
    subprocess.run(
        [*tenuto, "run", "hello.yaml", "--name", "r"], cwd=tmp_path, check=True, capture_output=True, timeout=60
    )

    with subprocess.Popen(
        [*tenuto, *words.split()], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        code = process.wait(timeout=60)

    assert said == b""
    assert code == 141
