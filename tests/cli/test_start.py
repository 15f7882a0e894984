"""Start-up stays light: what `tenuto run` of a small flow does not import."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.flows import HELLO

HEAVY = ["pydantic", "rich", "httpx2", "fastapi", "typer._adapters", "jinja2", "importlib.metadata"]


@pytest.mark.parametrize("words", [["run", "hello.yaml"], ["runs", "list"], ["check", "hello.yaml"]])
def test_a_small_command_imports_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    """The whole process takes at most three times `python -c "import fastapi"`."""
    (tmp_path / "hello.yaml").write_text(HELLO)
    (tmp_path / ".tenuto").mkdir()
    script = f"import sys; from tenuto.cli import main; main({words!r}); print([name for name in {HEAVY} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert done.stdout.splitlines()[-1] == "[]"


def test_the_package_costs_the_standard_library_alone() -> None:
    """Importing `tenuto` and the entry point loads nothing of ours but themselves."""
    script = "import sys; import tenuto.cli; print(sorted(name for name in sys.modules if name.startswith('tenuto')))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)

    assert done.stdout.strip() == "['tenuto', 'tenuto.cli']"
