"""What is installed with Tenuto: each file by its hash, nothing below the version that mended it, nothing by a name that lies.

Offline, from the lock file: a tool that asks somebody may be answered "nothing known" for want of an answer.
"""

import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest

LOCK = Path(__file__).parents[2] / "uv.lock"

# The first version without a fault that would reach us, and what it was.
MENDED = {
    "aiohttp": ("3.13.3", "bodies and headers that fill the memory"),
    "h11": ("0.16.0", "CVE-2025-43859, requests smuggled in chunks"),
    "langchain-core": ("1.2.5", "CVE-2025-68664, user data taken for objects"),
    "langgraph-checkpoint": ("3.0.0", "CVE-2025-64439, objects rebuilt from JSON"),
    "langgraph-checkpoint-sqlite": ("3.0.1", "CVE-2025-67644, names of filters in SQL"),
    "mcp": ("1.23.0", "CVE-2025-66416, local servers asked by any page"),
    "pyjwt": ("2.13.0", "CVE-2026-32597 and 48526, the header chooses the key"),
    "python-multipart": ("0.0.26", "CVE-2026-24486 and 40347, names of files and preambles"),
    "requests": ("2.32.4", "CVE-2024-47081, credentials sent elsewhere"),
    "starlette": ("1.3.1", "CVE-2025-62727 and 2026-48710, ranges and hosts"),
    "urllib3": ("2.6.3", "CVE-2026-21441, bombs in redirects"),
}
# Given up with faults in them, or not what they are called.
NEVER = {"python-jose", "mcp-run-python", "bubblewrap", "bwrap", "smokescreen", "eryx", "nats-server"}
# Files of site-packages that run at each start of Python.
AT_START = {"_editable_impl_tenuto.pth", "_virtualenv.pth", "distutils-precedence.pth"}


@pytest.fixture(scope="module")
def locked() -> list[dict[str, Any]]:
    return tomllib.loads(LOCK.read_text())["package"]


def version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def test_each_file_is_known_by_its_hash(locked: list[dict[str, Any]]):
    """SECURITY 103. Only what is built here has none."""
    bought = [package for package in locked if "editable" not in package["source"]]
    files = [file for package in bought for file in [*package.get("wheels", []), package.get("sdist")] if file]

    assert len(files) > len(bought)
    assert all("registry" in package["source"] for package in bought)
    assert all(file["hash"].startswith("sha256:") for file in files)


def test_nothing_has_to_be_built_to_be_installed(locked: list[dict[str, Any]]):
    """Building runs whatever its author wants."""
    assert [
        package["name"] for package in locked if "registry" in package["source"] and not package.get("wheels")
    ] == []


def test_nothing_is_older_than_what_mended_it(locked: list[dict[str, Any]]):
    """SECURITY 104."""
    found = {package["name"]: package["version"] for package in locked if package["name"] in MENDED}

    assert {"starlette", "python-multipart", "pyjwt", "h11"} <= found.keys()
    assert {name for name, there in found.items() if version(there) < version(MENDED[name][0])} == set()


def test_some_names_are_never_among_them(locked: list[dict[str, Any]]):
    """SECURITY 109."""
    assert NEVER.isdisjoint(package["name"] for package in locked)


def test_nothing_else_runs_when_python_starts():
    """SECURITY 107: a stolen release of LiteLLM came in by such a file."""
    installed = Path(sysconfig.get_paths()["purelib"])

    assert {file.name for file in installed.glob("*.pth")} <= AT_START
