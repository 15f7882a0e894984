"""The wall clock of a process that a test starts, put by hand. Its monotonic clock goes on as it is.

By libfaketime, which the development group brings along for Linux on x86-64; elsewhere a system's own is taken
(`apt install faketime`), and where there is none, or it does nothing, these tests are skipped.
"""

import ctypes.util
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest


@dataclass
class PutClock:
    """`file`: where the process reads once a second what its clock shows. Whoever puts it waits until that was read."""

    library: str
    file: Path
    ahead: float = 0.0

    def __post_init__(self) -> None:
        self.put(self.ahead)

    @property
    def environment(self) -> dict[str, str]:
        return _preloaded(self.library) | {"FAKETIME_TIMESTAMP_FILE": str(self.file)}

    def put(self, ahead: float) -> None:
        """So many seconds before the true time, or behind it."""
        self.ahead = ahead
        self._say(f"{ahead:+.3f}")

    def show(self, moment: float) -> None:
        """Exactly this moment, and go on from there."""
        self.put(moment - time.time())

    def stand_still(self) -> None:
        """As it is, to the second."""
        self._say(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self())))

    def __call__(self) -> float:
        """What it shows, unless it stands still."""
        return time.time() + self.ahead

    def _say(self, text: str) -> None:
        new = self.file.with_suffix(".new")
        new.write_text(text + "\n")
        known = self.file.exists()
        new.rename(self.file)
        if known:
            time.sleep(1.2)


@pytest.fixture
def put_clock(tmp_path: Path) -> PutClock:
    library = found()
    if library is None:
        pytest.skip("libfaketime is not here, or does nothing on this system (apt install faketime)")
    return PutClock(library, tmp_path / "clock")


@cache
def found() -> str | None:
    """The first that can be loaded and puts the clock of a Python."""
    return next((each for each in _candidates() if _works(each)), None)


def _candidates() -> list[str]:
    spec = find_spec("libfaketime")
    brought = Path(spec.origin).parent.glob("**/libfaketime.so.1") if spec and spec.origin else ()
    installed = Path("/usr/lib").glob("*/faketime/libfaketime.so.1")
    named = ctypes.util.find_library("faketime")
    return [*map(str, [*brought, *installed]), *([named] if named else [])]


def _works(library: str) -> bool:
    environment = {**os.environ, **_preloaded(library), "FAKETIME": "-30d"}
    shown = subprocess.run(
        [sys.executable, "-c", "import time; print(time.time())"], env=environment, capture_output=True
    )
    return shown.returncode == 0 and float(shown.stdout) < time.time() - 86_400


def _preloaded(library: str) -> dict[str, str]:
    """Stopped clocks are given in UTC. Read at every call, the file would make the process twenty times as slow."""
    return {"LD_PRELOAD": library, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_CACHE_DURATION": "1", "TZ": "UTC"}
