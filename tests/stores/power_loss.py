"""Power failures on the real journal: record what it writes and syncs, cut anywhere, open what a disk could then hold.

A file holds for sure what was written before its last sync. Of what came later, each sector of 512 bytes may or may not
have arrived, in any order; the same goes for a truncation, and for the name of a file that was made or deleted.

Runs as a script, in a process of its own: the recorder must lie below the page checksums, and those are loaded once.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from tenuto.ports.codec import digest_of
from tenuto.ports.journal import Damaged
from tenuto.stores.journal_sqlite import SqliteJournal, database, folding
from tenuto.stores.journal_sqlite import head as heads
from tenuto.testing.journal_conformance import ended, entry, fact, keep

SECTOR = 512
Change = tuple[int, bytes] | int  # a write (offset, content), or a truncation to a size


@dataclass
class Event:
    """What happened to a file, or (`ack`) what the journal had promised by then."""

    kind: str  # write, sync, delete, ack
    file: str = ""
    change: Change = 0
    ack: tuple[str, int] = ("", 0)


class Recorder(apsw.VFS):
    """Sees everything that SQLite does to the files of one directory."""

    def __init__(self) -> None:
        super().__init__("recorder", "unix")
        self.directory = Path("/nowhere")
        self.events: list[Event] = []

    def xOpen(self, name, flags):  # noqa: N802
        return RecordedFile(self, name, flags)

    def xDelete(self, filename, syncdir):  # noqa: N802
        self.note("delete", Path(filename))
        super().xDelete(filename, syncdir)

    def note(self, kind: str, path: Path, change: Change = 0) -> None:
        if path.parent == self.directory:
            self.events.append(Event(kind, path.name, change))


class RecordedFile(apsw.VFSFile):
    def __init__(self, recorder: Recorder, name, flags) -> None:
        super().__init__("unix", name, flags)
        self.recorder = recorder
        self.path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "/nowhere/temporary")

    def xWrite(self, data, offset):  # noqa: N802
        self.recorder.note("write", self.path, (offset, bytes(data)))
        super().xWrite(data, offset)

    def xTruncate(self, newsize):  # noqa: N802
        self.recorder.note("write", self.path, newsize)
        super().xTruncate(newsize)

    def xSync(self, flags):  # noqa: N802
        super().xSync(flags)
        self.recorder.note("sync", self.path)


def record_the_rest(recorder: Recorder) -> None:
    """The head, and the zeros ahead of the log, are written past SQLite: note them as well."""
    note, sync, lengthen = heads.Head.note, heads.Head.sync, folding.lengthen

    def noted(self: heads.Head, commits: int, folding: int, pages: int) -> None:
        note(self, commits, folding, pages)
        recorder.note("write", recorder.directory / "journal.head", (0, os.pread(self._fd, 64, 0)))

    def synced(self: heads.Head) -> None:
        sync(self)
        recorder.note("sync", recorder.directory / "journal.head")

    def lengthened(path: Path, size: int) -> None:
        before = path.stat().st_size
        recorder.note("write", path, (before, bytes(max(0, size - before))))
        lengthen(path, size)
        recorder.note("sync", path)

    heads.Head.note, heads.Head.sync, folding.lengthen = noted, synced, lengthened


@dataclass
class File:
    durable: bytes | None = None  # what is surely there; None: perhaps not even the name
    pending: list[Change] = field(default_factory=list)

    def after_a_cut(self, dice: random.Random) -> bytes | None:
        if self.durable is None and dice.random() < 0.5:
            return None
        content = bytearray(self.durable or b"")
        arrives = dice.choice((0.0, 0.2, 0.5, 0.9, 1.0))
        for change in self.pending:
            if isinstance(change, int):
                if dice.random() < arrives:
                    del content[change:]
            else:
                _write(content, change, lambda: dice.random() < arrives)
        return bytes(content)

    def sync(self) -> None:
        content = bytearray(self.durable or b"")
        for change in self.pending:
            if isinstance(change, int):
                del content[change:]
            else:
                _write(content, change, lambda: True)
        self.durable, self.pending = bytes(content), []


def _write(content: bytearray, change: tuple[int, bytes], arrives) -> None:
    offset, data = change
    at = offset
    while at < offset + len(data):
        end = min((at // SECTOR + 1) * SECTOR, offset + len(data))
        if arrives():
            content.extend(bytes(max(0, end - len(content))))
            content[at:end] = data[at - offset : end - offset]
        at = end


class Disk:
    """What the events up to some point leave on a disk."""

    def __init__(self) -> None:
        self.files: dict[str, File] = {}
        self.deleted: dict[str, File] = {}  # the name may still be there
        self.acked: dict[str, int] = {}

    def happen(self, event: Event) -> None:
        if event.kind == "ack":
            run, seq = event.ack
            self.acked[run] = seq
        elif event.kind == "delete":
            if event.file in self.files:
                self.deleted[event.file] = self.files.pop(event.file)
        elif event.kind == "sync":
            file = self.files.setdefault(event.file, File())
            if file.durable is None:
                self.deleted.clear()  # the first sync of a new file is one of its directory as well
            file.sync()
        else:
            self.files.setdefault(event.file, File()).pending.append(event.change)

    def cut(self, directory: Path, dice: random.Random) -> None:
        """One of the many images that a power failure could leave now."""
        for name, file in {**self.deleted, **self.files}.items():
            content = file.after_a_cut(dice)
            if content is not None:
                (directory / name).write_bytes(content)


async def work(recorder: Recorder, directory: Path) -> None:
    """What a host does to a journal: runs at once, blobs, runs that end and are deleted, leaving and coming back."""

    async def drive(journal: SqliteJournal, run: str, first: int, last: int) -> None:
        for seq in range(first, last + 1):
            blobs = [(digest_of(b"%d" % seq * 3_000), b"%d" % seq * 3_000)] if seq % 5 == 0 else []
            await keep(journal, run, [body_of(run, seq)], blobs=blobs, line=entry(run, seq) if seq == 1 else None)
            recorder.events.append(Event("ack", ack=(run, seq)))

    for turn in range(3):
        journal = SqliteJournal(directory)
        await asyncio.gather(*(drive(journal, f"run-{n}", turn * 20 + 1, turn * 20 + 20) for n in range(3)))
        await ended(journal, f"done-{turn}")
        await drive(journal, f"alone-{turn}", 1, 25)
        await journal.delete(f"done-{turn}")
        await journal.close()


def body_of(run: str, seq: int):
    return fact(seq, body=f"{run}:{seq}:".encode() * (1 + seq % 7 * 40))


async def verdict(directory: Path, acked: dict[str, int]) -> str:
    """`fine`, `lost` (an acknowledged fact or blob is missing), or `corrupt` (anything that cannot be read)."""
    try:
        async with SqliteJournal(directory) as journal:
            for run, last in acked.items():
                rows = await journal.read(run)
                if rows[:last] != [body_of(run, seq) for seq in range(1, last + 1)]:
                    return "lost"
                for seq in range(5, last + 1, 5):
                    await journal.get(digest_of(b"%d" % seq * 3_000))
            return "corrupt" if await journal._reader.problems() else "fine"
    except KeyError:
        return "lost"
    except Damaged:
        return "corrupt"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--synchronous", type=int, default=2)
    parser.add_argument("--fold-at", type=int, default=60)
    chosen = parser.parse_args()
    recorder = Recorder()
    apsw.set_default_vfs("recorder")
    assert database.checks_pages()
    record_the_rest(recorder)
    database.SYNCHRONOUS, folding.FOLD_AT = chosen.synchronous, chosen.fold_at
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as place:
        recorder.directory = Path(place).resolve() / "recorded"
        asyncio.run(work(recorder, recorder.directory))
        json.dump(asyncio.run(judge(recorder.events, Path(place), chosen.images, chosen.seed)), sys.stdout)


async def judge(events: list[Event], place: Path, images: int, seed: int) -> dict[str, int]:
    dice = random.Random(seed)
    cuts = sorted(dice.randrange(1, len(events) + 1) for _ in range(images))
    counts = {"events": len(events), "fine": 0, "lost": 0, "corrupt": 0}
    disk, done = Disk(), 0
    for number, cut in enumerate(cuts):
        for event in events[done:cut]:
            disk.happen(event)
        done = cut
        with tempfile.TemporaryDirectory(dir=place) as image:
            disk.cut(Path(image), random.Random(f"{seed}/{number}"))
            counts[await verdict(Path(image), disk.acked)] += 1
    return counts


if __name__ == "__main__":
    main()
