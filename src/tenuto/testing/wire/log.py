"""What a server was asked, kept where a killed program's test finds it."""

import json
import os
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Literal


@dataclass(slots=True, frozen=True, kw_only=True)
class Entry:
    """`n`: which request of this server it is, from 1. `status`: with which it was answered; 0 while it is not."""

    phase: Literal["asked", "answered"]
    n: int
    wire: str
    model: str
    turn: int
    digest: str
    key: str = ""
    stream: bool = False
    tools: list[str] = field(default_factory=list[str])
    status: int = 0


@dataclass(slots=True)
class Log:
    """`file`: None keeps it in memory alone."""

    file: Path | None = None
    entries: list[Entry] = field(default_factory=list[Entry])
    _open: IO[bytes] | None = None

    def write(self, entry: Entry) -> None:
        """On the disk when this returns."""
        self.entries.append(entry)
        if self.file is None:
            return
        if self._open is None:
            self._open = self.file.open("ab")
        self._open.write(json.dumps(asdict(entry)).encode() + b"\n")
        self._open.flush()
        os.fsync(self._open.fileno())

    def close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._open = None


def read_log(file: Path) -> list[Entry]:
    """All entries; a last line that was torn is left out."""
    entries: list[Entry] = []
    for line in file.read_bytes().split(b"\n") if file.exists() else []:
        try:
            told: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        entries.append(Entry(**told))
    return entries


def repeated(entries: list[Entry]) -> list[str]:
    """Digests of conversations that were answered well and asked again afterwards."""
    again: list[str] = []
    answered: Counter[str] = Counter()
    for entry in entries:
        if entry.phase == "asked" and answered[entry.digest]:
            again.append(entry.digest)
        elif entry.phase == "answered" and entry.status == 200:
            answered[entry.digest] += 1
    return again
