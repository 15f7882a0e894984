"""A folder that is the source of something: whatever stands in it is saved as versions, as it changes.

Looked at twice a second by time and size; a file is read once it has been still from one look to the next, so that one
that is being written is not read by halves. A broken file leaves the last good version where it is. A file that is
removed takes nothing back: what it held stays as it was, and is everybody's again.
"""

import asyncio
import hashlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tenuto.core.problems import Problem
from tenuto.documents.text import MAX_BYTES
from tenuto.service.principal import Principal, local
from tenuto.service.refusals import Refused
from tenuto.service.sources import SourceFile, Sources

Say = Callable[[str], None]
Stamp = tuple[int, int, int]  # when it was written, in nanoseconds; its size; which file it is

INTERVAL: Final = 0.5  # seconds between two looks
_SHOWN: Final = 5

_log = logging.getLogger("tenuto.folders")


@dataclass(slots=True, frozen=True)
class Content:
    """What a file holds. `name`: of the flow or the agent, "" where it does not say. `errors`: it cannot be saved."""

    name: str
    errors: Sequence[Problem]
    checked: Any


@dataclass(slots=True)
class _File:
    """`stamp`: as it was seen last. `digest`: of what was taken in, or refused. `holds`: whose source it is. `wants`: whose
    it would be, if another file were not."""

    stamp: Stamp
    digest: str = ""
    holds: str = ""
    wants: str = ""


def _stamp(path: Path) -> Stamp | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None  # it was there a moment ago
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


class Watched(ABC):
    """`noun`: what its files hold, for people. `say` is given a line for people whenever something came of a change."""

    def __init__(self, path: Path, noun: str, sources: Sources, say: Say) -> None:
        self.path = path
        self.noun = noun
        self.sources = sources
        self.say = say
        self.who: Principal = local("folder")
        self._files: dict[str, _File] = {}
        self._lost = False
        self._trouble = ""  # what the last look ended with

    # --- what differs

    @abstractmethod
    def files(self) -> Iterable[Path]:
        """Those that are looked at. Raises `OSError`."""

    @abstractmethod
    async def read(self, path: Path, content: bytes) -> Content: ...

    @abstractmethod
    async def save(self, content: Content, shown: str) -> tuple[int, bool]:
        """The number of the version, and whether it is new. `shown`: the file as people know it. Raises `Refused`."""

    # --- looking

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
            found = {str(path.relative_to(self.path)): _stamp(path) for path in self.files()}
        except OSError as error:
            if not self._lost:
                why = error.strerror or error
                self.say(f"✗ {self.path} cannot be read: {why}; its {self.noun}s stay as they were")
            self._lost = True
            return None
        self._lost = False
        return {name: stamp for name, stamp in found.items() if stamp is not None}

    # --- taking in

    async def _take_in(self, name: str, file: _File) -> None:
        bytes_ = self._read(name)
        if bytes_ is None:
            file.digest = "unreadable"
            return
        content = await self.read(self.path / name, bytes_)
        problems = self._problems(name, content)
        file.wants = content.name if problems and not content.errors else ""
        if problems:
            self._complain(name, problems)
            self._own(name, file, content)
        else:
            await self._save(name, file, content)
        file.digest = hashlib.sha256(bytes_).hexdigest()

    def _read(self, name: str) -> bytes | None:
        try:
            with (self.path / name).open("rb") as opened:
                return opened.read(MAX_BYTES + 1)
        except OSError as error:
            self.say(f"✗ {self._shown(name)} cannot be read: {error.strerror or error}")
            return None

    def _problems(self, name: str, content: Content) -> Sequence[Problem]:
        if content.errors:
            return content.errors
        owner = self.sources.file(self.who.tenant, content.name)
        if owner not in {None, self._shown(name)}:
            message = f"the {self.noun} `{content.name}` is also in {owner}"
            return [Problem(self.noun, "duplicate", message, "rename one", line=1)]
        return []

    def _complain(self, name: str, problems: Sequence[Problem]) -> None:
        for problem in problems[:_SHOWN]:
            place = f":{problem.line}:{problem.column or 1}" if problem.line else ""
            self.say(f"✗ {self._shown(name)}{place}: {problem}")
        if len(problems) > _SHOWN:
            self.say(f"✗ {self._shown(name)}: and {len(problems) - _SHOWN} more problems")

    def _own(self, name: str, file: _File, content: Content) -> None:
        """A broken file still owns what it holds: what it said last holds until it is mended."""
        if not file.holds and content.name and self.sources.file(self.who.tenant, content.name) is None:
            file.holds = content.name
            self.sources.files[content.name] = SourceFile(self._shown(name))

    async def _save(self, name: str, file: _File, content: Content) -> None:
        shown, held = self._shown(name), content.name
        try:
            version, new = await self.save(content, shown)
        except Refused as refused:
            self.say(f"✗ {shown}: {refused}" + (f" ({refused.hint})" if refused.hint else ""))
            return
        if file.holds and file.holds != held:
            self._mark_gone(file.holds)
        file.holds = held
        self.sources.files[held] = SourceFile(shown)
        if new:
            self.say(f"↻ {shown} → version {version}")

    def _gone(self, name: str) -> None:
        file = self._files.pop(name)
        if file.holds:
            self._mark_gone(file.holds)
            self.say(f"↷ {self._shown(name)} is gone; the {self.noun} `{file.holds}` stays as it was")

    def _mark_gone(self, held: str) -> None:
        self.sources.files[held] = replace(self.sources.files[held], gone=True)
        for file in self._files.values():
            if file.wants == held:
                file.digest = ""  # it was refused for one that is no more

    def _shown(self, name: str) -> str:
        return str(self.path / name)
