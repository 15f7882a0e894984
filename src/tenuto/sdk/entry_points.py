"""Which packages of nodes are installed: the entry-point group `tenuto.nodes`, read without `importlib.metadata`.

That module costs more to import than a small flow takes to run. The files are the same and simple: one
`entry_points.txt` in each `*.dist-info` on `sys.path`, an ini section a group. The first distribution of a name wins, as
it does for imports.
"""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GROUP: Final = "tenuto.nodes"


@dataclass(slots=True, frozen=True)
class EntryPoint:
    """`name = module` as the distribution `dist` declares it."""

    name: str
    module: str
    dist: str


def entry_points(group: str = GROUP, path: Iterable[str] | None = None) -> list[EntryPoint]:
    """What every installed distribution declares for the group, in the order of `sys.path`."""
    found: list[EntryPoint] = []
    seen: set[str] = set()
    for dist, text in _declarations(sys.path if path is None else path):
        if dist in seen:
            continue
        seen.add(dist)
        if f"[{group}]" in text:
            found.extend(EntryPoint(name, module, dist) for name, module in _section(text, group))
    return found


def _declarations(path: Iterable[str]) -> Iterator[tuple[str, str]]:
    for folder in dict.fromkeys(path):
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208  half the time of `iterdir`, at every start
        except OSError:  # a zip file, or a folder that is not there
            continue
        for name in sorted(names):
            if name.endswith(".dist-info"):
                yield name.split("-", 1)[0].lower().replace("_", "-"), _read(Path(folder, name, "entry_points.txt"))


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):  # most distributions have none
        return ""


def _section(text: str, group: str) -> Iterator[tuple[str, str]]:
    inside = False
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and "=" in line and not line.startswith("#"):
            name, _, module = line.partition("=")
            yield name.strip(), module.split("[", 1)[0].split(":", 1)[0].strip()
