"""What is shipped: everything under `src`, the licence, the type marker; nothing of the workshop."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return zipfile.ZipFile(wheel).namelist()


def test_every_file_of_the_source_is_shipped(shipped):
    source = {
        str(path.relative_to(ROOT / "src"))
        for path in (ROOT / "src/tenuto").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    assert source <= set(shipped)


def test_users_get_types_and_a_licence(shipped):
    assert "tenuto/py.typed" in shipped
    assert any(name.endswith("licenses/LICENSE") for name in shipped)


def test_the_command_is_announced(shipped):
    assert any(name.endswith("entry_points.txt") for name in shipped)


def test_nothing_of_the_workshop_is_shipped(shipped):
    assert {name.partition("/")[0].partition("-")[0] for name in shipped} == {"tenuto"}
    assert not [name for name in shipped if name.startswith(("tenuto/tests", "tenuto/examples"))]
