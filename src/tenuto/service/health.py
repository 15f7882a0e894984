"""Whether the server can do its work: each thing it depends on, asked.

`down`: it cannot take work now (and says so with 503, so that nobody is sent here). `degraded`: it can, and somebody
should look. What is asked of a disk or a database is remembered for a second, however many ask.
"""

import asyncio
import contextlib
import errno
import logging
import os
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from tenuto.ports.records import Unavailable

Status = Literal["ok", "degraded", "down"]
Check = Callable[[], Awaitable["Finding"]]

REMEMBERED: Final = 1.0  # seconds
PATIENCE: Final = 2.0  # seconds that one check may take
LITTLE: Final = 64 * 1024 * 1024  # bytes; with less room than this somebody should look
_PROBE: Final = 64 * 1024  # bytes

_log = logging.getLogger("tenuto.health")


@dataclass(slots=True, frozen=True)
class Finding:
    status: Status
    text: str = "ok"


@dataclass(slots=True, frozen=True)
class Report:
    status: Status
    checks: dict[str, str]


@dataclass(slots=True)
class Health:
    """`checks`: by name, in the order in which they are shown."""

    checks: dict[str, Check] = field(default_factory=dict[str, Check])
    _report: Report | None = None
    _until: float = 0.0
    _asking: "asyncio.Task[Report] | None" = None

    async def report(self) -> Report:
        if self._report is not None and time.monotonic() < self._until:
            return self._report
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> Report:
        try:
            found = await asyncio.gather(*(_found(check) for check in self.checks.values()))
            worst = max((_GRAVITY.index(each.status) for each in found), default=0)
            report = Report(_GRAVITY[worst], {name: each.text for name, each in zip(self.checks, found, strict=True)})
            self._report, self._until = report, time.monotonic() + REMEMBERED
            return report
        finally:
            self._asking = None


_GRAVITY: Final[tuple[Status, ...]] = ("ok", "degraded", "down")


async def _found(check: Check) -> Finding:
    try:
        return await asyncio.wait_for(check(), PATIENCE)
    except TimeoutError:
        return Finding("down", f"no answer in {PATIENCE:g} s")
    except Unavailable:
        return Finding("down", "cannot be reached")
    except Exception as error:  # noqa: BLE001  whatever it is, this does not work
        _log.warning("a check of the server's health failed: %s", error or type(error).__name__)
        return Finding("down", "failed; the log says why")


def disk(folder: Path) -> Check:
    """Something can be written there, and there is room for more."""

    async def check() -> Finding:
        return await asyncio.to_thread(_room, folder)

    return check


def _room(folder: Path) -> Finding:
    probe = folder / f".probe-{secrets.token_hex(4)}"
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, b"\0" * _PROBE)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        return Finding("down", "full" if full else f"cannot be written ({error.strerror})")
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free
    if free < LITTLE:
        return Finding("degraded", f"{free // 2**20} MB free")
    return Finding("ok", "ok")
