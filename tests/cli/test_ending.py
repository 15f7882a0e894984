"""A command ends, whatever a node does: as a process of its own, because it may end without its loop."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

STUBBORN = '''
import asyncio

from tenuto.sdk import node


@node("be.stubborn")
async def stubborn() -> None:
    """Never return, and swallow every cancellation."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            pass
'''

FLOW = """
flow: stuck
nodes:
  a: {use: be.stubborn, timeout: 100ms}
"""


def test_a_node_that_swallows_its_cancellation_does_not_hold_the_command(tmp_path: Path) -> None:
    """The node fails as `stuck` after its grace, and the process ends with the exit code of the run."""
    (tmp_path / "nodes").mkdir()
    (tmp_path / "nodes" / "be.py").write_text(STUBBORN)
    (tmp_path / "stuck.yaml").write_text(FLOW)

    ended = subprocess.run(
        [sys.executable, "-m", "tenuto.cli", "run", "stuck.yaml", "--json"],
        cwd=tmp_path,
        env={**os.environ, "TENUTO_GRACE": "0.2"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 1
    assert '"type":"stuck"' in ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_a_stream_that_is_closed_is_no_failure(tmp_path: Path, closed: str) -> None:
    """A daemon or a cron job may have none."""
    (tmp_path / "ok.yaml").write_text("flow: ok\nnodes:\n  a: {use: set, with: {value: 1}}\n")

    ended = subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m tenuto.cli run ok.yaml {closed}', sys.executable],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stderr == ""
