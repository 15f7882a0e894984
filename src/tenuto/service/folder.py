"""A folder of flows that is the source: whatever stands in it is saved as versions and published to the stage `dev`.

Looked at twice a second by time and size; a file is read once it has been still from one look to the next, so that one
that is being written is not read by halves. A broken file leaves the last good version where it is. A file that is
removed takes nothing back: the flow stays as it was, and is everybody's again.
"""

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tenuto.core.problems import Problem
from tenuto.documents.text import MAX_BYTES
from tenuto.ports.store import Store
from tenuto.service import flows, publications
from tenuto.service.flows import JSON, YAML, Checked
from tenuto.service.platform import Platform
from tenuto.service.principal import Principal, local
from tenuto.service.published import DEFAULT_STAGE
from tenuto.service.refusals import Refused
from tenuto.service.shelf import Shelf
from tenuto.service.sources import SourceFile

Say = Callable[[str], None]
Stamp = tuple[int, int, int]  # when it was written, in nanoseconds; its size; which file it is

ENDINGS: Final = (".yaml", ".yml", ".json")
INTERVAL: Final = 0.5  # seconds between two looks
_SHOWN: Final = 5

_log = logging.getLogger("tenuto.flows")


async def load(platform: Platform, path: Path, say: Say) -> "Folder":
    """Take in what the folder holds now; `watch` of what is returned goes on from there."""
    folder = Folder(path, platform.flows, platform.store, say)
    await folder.look(patient=False)
    return folder


async def watch(platform: Platform, path: Path, stop: asyncio.Event, say: Say) -> None:
    """Take in what the folder holds, now and whenever it changes, until it is told to stop."""
    await (await load(platform, path, say)).watch(stop)


@dataclass(slots=True)
class _File:
    """`stamp`: as it was seen last. `digest`: of what was taken in, or refused. `flow`: that came of it."""

    stamp: Stamp
    digest: str = ""
    flow: str = ""


@dataclass(slots=True)
class Folder:
    """`say` is given a line for people whenever something came of a change."""

    path: Path
    shelf: Shelf
    store: Store
    say: Say
    who: Principal = field(default_factory=lambda: local("folder"))
    _files: dict[str, _File] = field(default_factory=dict[str, _File])
    _lost: bool = False
    _trouble: str = ""  # what the last look ended with

    async def watch(self, stop: asyncio.Event, interval: float = INTERVAL) -> None:
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), interval)
            except TimeoutError:
                await self._survive()

    async def _survive(self) -> None:
        try:
            await self.look()
            self._trouble = ""
        except Exception as error:  # noqa: BLE001  whatever is wrong with a file or the store, the next look may find it mended
            if str(error) != self._trouble:
                _log.warning("the folder %s could not be taken in", self.path, exc_info=error)
                self.say(f"✗ {self.path}: {error}")
            self._trouble = str(error)

    async def look(self, *, patient: bool = True) -> None:
        """See what has changed since the last look. Unless `patient`, changes of this very moment are taken in as well."""
        found = self._listed()
        if found is None:
            return
        for name in [name for name in self._files if name not in found]:
            self._gone(name)
        for name, stamp in sorted(found.items()):
            known = self._files.get(name)
            if known is None:
                known = self._files[name] = _File(stamp)
                if patient:
                    continue
            elif known.stamp != stamp:
                known.stamp = stamp
                if patient:
                    known.digest = ""
                    continue
            elif known.digest:
                continue
            await self._take_in(name, known)

    def _listed(self) -> dict[str, Stamp] | None:
        """The files by name; None if the folder cannot be read, which is said once."""
        try:
            with os.scandir(self.path) as entries:
                found = {
                    entry.name: (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                    for entry in entries
                    if entry.name.endswith(ENDINGS) and not entry.name.startswith(".") and entry.is_file()
                    for stat in [entry.stat()]
                }
        except OSError as error:
            if not self._lost:
                self.say(f"✗ {self.path} cannot be read: {error.strerror or error}; its flows stay as they were")
            self._lost = True
            return None
        self._lost = False
        return found

    async def _take_in(self, name: str, file: _File) -> None:
        content = self._read(name)
        if content is None:
            file.digest = "unreadable"
            return
        digest = hashlib.sha256(content).hexdigest()
        checked = await flows.read(content, JSON if name.endswith(".json") else YAML, self.shelf.library)
        problems = self._problems(name, checked)
        if problems:
            self._complain(name, problems)
            self._own(name, file, checked)
        else:
            await self._save(name, file, checked)
        file.digest = digest

    def _read(self, name: str) -> bytes | None:
        try:
            with (self.path / name).open("rb") as opened:
                return opened.read(MAX_BYTES + 1)
        except OSError as error:
            self.say(f"✗ {self._shown(name)} cannot be read: {error.strerror or error}")
            return None

    def _problems(self, name: str, checked: Checked) -> list[Problem]:
        flow = checked.loaded.flow
        if flow is None:
            return checked.loaded.errors
        owner = self.shelf.sources.file(self.who.tenant, flow.name)
        if owner not in {None, self._shown(name)}:
            return [Problem("flow", "duplicate", f"the flow `{flow.name}` is also in {owner}", "rename one", line=1)]
        return []

    def _complain(self, name: str, problems: list[Problem]) -> None:
        for problem in problems[:_SHOWN]:
            place = f":{problem.line}:{problem.column or 1}" if problem.line else ""
            self.say(f"✗ {self._shown(name)}{place}: {problem}")
        if len(problems) > _SHOWN:
            self.say(f"✗ {self._shown(name)}: and {len(problems) - _SHOWN} more problems")

    def _own(self, name: str, file: _File, checked: Checked) -> None:
        """A broken file still owns its flow: what it said last holds until it is mended."""
        if not file.flow and checked.name and self.shelf.sources.file(self.who.tenant, checked.name) is None:
            file.flow = checked.name
            self.shelf.sources.files[checked.name] = SourceFile(self._shown(name))

    async def _save(self, name: str, file: _File, checked: Checked) -> None:
        shown, flow = self._shown(name), checked.name
        try:
            async with self.store.write() as tx:
                saved = await flows.save(self.shelf, tx, self.who, checked, file=shown)
                await publications.publish(self.shelf, tx, self.who, flow, DEFAULT_STAGE, saved.version, file=shown)
        except Refused as refused:
            self.say(f"✗ {shown}: {refused}" + (f" ({refused.hint})" if refused.hint else ""))
            return
        if file.flow and file.flow != flow:
            self._mark_gone(file.flow)
        file.flow = flow
        self.shelf.sources.files[flow] = SourceFile(shown)
        if saved.new:
            self.say(f"↻ {shown} → version {saved.version}")

    def _gone(self, name: str) -> None:
        file = self._files.pop(name)
        if file.flow:
            self._mark_gone(file.flow)
            self.say(f"↷ {self._shown(name)} is gone; the flow `{file.flow}` stays as it was")

    def _mark_gone(self, flow: str) -> None:
        self.shelf.sources.files[flow] = replace(self.shelf.sources.files[flow], gone=True)

    def _shown(self, name: str) -> str:
        return str(self.path / name)
