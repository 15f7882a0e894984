"""The import contracts of pyproject.toml hold, and each of them bites: every rule is broken once, on a copy of the tree."""

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

# (the file that breaks a rule, the line that does)
BREAKS = [
    # the heart
    ("core/machine/__init__.py", "import asyncio"),
    ("core/machine/__init__.py", "import time"),
    ("core/machine/__init__.py", "import sqlalchemy"),
    ("core/machine/__init__.py", "from tenuto.ports import journal"),
    ("core/machine/__init__.py", "import uuid; uuid.uuid4()"),
    ("core/machine/__init__.py", "import datetime; datetime.datetime.now()"),
    ("core/machine/__init__.py", "from datetime import datetime; datetime.now()"),
    ("core/events.py", "from tenuto.core import machine"),
    # authors
    ("nodes/slack/send_message.py", "import tenuto.nodes.http"),
    ("nodes/slack/send_message.py", "from tenuto.core import machine"),
    ("nodes/slack/send_message.py", "from tenuto.stores import memory"),
    ("nodes/slack/send_message.py", "from tenuto.service import runs"),
    ("agents/agno/__init__.py", "from tenuto.ports import journal"),
    ("agents/agno/__init__.py", "import tenuto.agents.strands"),
    # adapters
    ("hosts/temporal/workflow.py", "from tenuto.hosts import local"),
    ("hosts/local/__init__.py", "from tenuto.stores import memory"),
    ("hosts/local/__init__.py", "import temporalio"),
    ("stores/memory.py", "from tenuto import bootstrap"),
    ("stores/memory.py", "from tenuto.core import events"),
    # the skins
    ("service/runs.py", "import fastapi"),
    ("cli/__init__.py", "from tenuto.stores import memory"),
    ("cli/__init__.py", "from tenuto import testing"),
    ("cli/__init__.py", "from tenuto.core import machine"),
    ("cli/__init__.py", "from tenuto import api"),
    ("api/__init__.py", "from tenuto.stores import memory"),
    ("client/__init__.py", "from tenuto.ports import journal"),
    # a folder that nobody gave a layer
    ("utils/__init__.py", "x = 1"),
]

# One of each kind; the others at night.
ON_CHANGE = {
    ("core/machine/__init__.py", "import asyncio"),
    ("core/machine/__init__.py", "import uuid; uuid.uuid4()"),
    ("core/events.py", "from tenuto.core import machine"),
    ("nodes/slack/send_message.py", "import tenuto.nodes.http"),
    ("nodes/slack/send_message.py", "from tenuto.service import runs"),
    ("agents/agno/__init__.py", "import tenuto.agents.strands"),
    ("hosts/local/__init__.py", "from tenuto.stores import memory"),
    ("hosts/local/__init__.py", "import temporalio"),
    ("service/runs.py", "import fastapi"),
    ("cli/__init__.py", "from tenuto import api"),
    ("client/__init__.py", "from tenuto.ports import journal"),
    ("utils/__init__.py", "x = 1"),
}

# Modules that a break names and that need not be built yet.
COMPANIONS = ["api/__init__.py", "nodes/http/__init__.py", "agents/strands/__init__.py", "stores/memory.py"]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A copy of the source tree with the rules beside it."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_contracts_hold():
    found = _imports(ROOT)

    assert found.returncode == 0, found.stdout + found.stderr


def _told() -> Iterator[Any]:
    for broken in BREAKS:
        marks = () if broken in ON_CHANGE else pytest.mark.nightly
        yield pytest.param(*broken, marks=marks, id=": ".join(broken))


@pytest.mark.parametrize(("file", "line"), list(_told()))
def test_breaking_a_rule_is_noticed(house: Path, file: str, line: str):
    for name in [*COMPANIONS, file]:
        _ensure(house / "src" / "tenuto" / name)
    broken = house / "src" / "tenuto" / file

    broken.write_text(broken.read_text() + f"\n{line}\n")

    assert "BROKEN" in _imports(house).stdout or "TID251" in _bans(house).stdout


def test_the_copy_is_clean_before_it_is_broken(house: Path):
    for name in COMPANIONS:
        _ensure(house / "src" / "tenuto" / name)

    assert "BROKEN" not in _imports(house).stdout
    assert "TID251" not in _bans(house).stdout


def test_the_core_imports_nothing_but_the_standard_library():
    named = {name.partition(".")[0] for name in _imported_by(ROOT / "src/tenuto/core")}

    assert named - sys.stdlib_module_names == {"tenuto"}


@pytest.mark.parametrize("package", ["tenuto", "tenuto.core"])
def test_importing_it_costs_the_standard_library_alone(package: str):
    """Every start of a function and every sandbox pays for more."""
    code = f"import sys; before = set(sys.modules); import {package}; print(*set(sys.modules) - before)"

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()

    assert {name.partition(".")[0] for name in loaded} - sys.stdlib_module_names == {"tenuto"}


def test_every_folder_that_holds_adapters_is_protected():
    """Only the composition root names an adapter: a folder of them that is built later must be added to the contract."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (protected,) = (c["protected_modules"] for c in contracts if c["name"].startswith("Only the composition root"))
    built = {
        f"tenuto.{name}"
        for name in ("stores", "bus", "hosts", "models", "tools")
        if (ROOT / "src/tenuto" / name).is_dir()
    }

    assert set(protected) == built


def test_every_folder_is_a_package():
    """One without `__init__.py` escapes the contracts."""
    source = ROOT / "src/tenuto"
    folders = {path.parent for path in source.rglob("*.py") if "templates" not in path.parts}

    assert not [str(folder.relative_to(source)) for folder in folders if not (folder / "__init__.py").exists()]


def _imports(house: Path) -> subprocess.CompletedProcess[str]:
    command = [BIN / "lint-imports", "--no-logo", "--no-cache"]
    return subprocess.run(
        command, cwd=house, env={"PYTHONPATH": "src", "COLUMNS": "200"}, capture_output=True, text=True
    )


def _bans(house: Path) -> subprocess.CompletedProcess[str]:
    command = [BIN / "ruff", "check", "--no-cache", "--select", "TID251", "src"]
    return subprocess.run(command, cwd=house, capture_output=True, text=True)


def _ensure(file: Path) -> None:
    """Make the module, and the packages around it, unless they are there."""
    for folder in reversed([folder for folder in file.parents if "src" in folder.parts and folder.name != "src"]):
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
    file.touch()


def _imported_by(folder: Path) -> Iterator[str]:
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path} imports relatively: the contracts read whole names best"
                yield node.module or ""
