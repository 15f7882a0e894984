"""The journal: the facts of every run, durable in the order in which they were given.

What a journal promises (`tenuto.testing.journal_conformance` holds every one to it):
- `append` returns at once; `on_durable(None)` is called on the event loop when the write is on disk, for many writes in
  one wake-up. A write is kept whole or not at all. Writes of one run keep their order.
- A write whose `seq` does not continue its run is refused (`on_durable(Conflict)`), and so is one after the end of a run.
- What was reported durable survives the death of the process and of the machine. What cannot be read back as it was
  written is an error (`Damaged`) that names the run, never a shorter history.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tenuto.core.events import TERMINAL

# Types of facts after which a run takes no more.
ENDS = TERMINAL


@dataclass(slots=True)
class Row:
    """One fact as it is stored. `body` is the codec's; values too large for it stand in `Write.blobs`."""

    seq: int
    type: str
    at: float
    body: bytes


Age = tuple[float, str]  # when a run was created, and its id: lists have the greatest first


@dataclass(slots=True)
class RunEntry:
    """A run's line in the index: what lists show and recovery asks for, without reading its facts.

    Name, parent and time of creation are the run's for good: a later line repeats them. `version`: the number under which
    its flow was saved, where somebody has looked it up; no journal keeps it.
    """

    id: str
    name: str
    flow: str
    document: str  # hash; the document itself is a blob
    status: str  # queued running waiting succeeded failed cancelled
    created_at: float
    ended_at: float | None = None
    tenant: str = "default"
    stage: str = "dev"
    parent: str | None = None
    origin: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])
    version: int | None = field(default=None, compare=False)

    @property
    def age(self) -> Age:
        return self.created_at, self.id


@dataclass(slots=True)
class Write:
    """One atomic append: facts of one run, the blobs they refer to, and the run's line in the index where it changed."""

    run: str
    rows: Sequence[Row]
    on_durable: Callable[[BaseException | None], None]
    blobs: Sequence[tuple[str, bytes]] = ()  # (sha256 in hex, content)
    entry: RunEntry | None = None


@dataclass(slots=True)
class Commits:
    """How often a journal made something durable, and how much at once: what shared a commit paid for one sync."""

    count: int = 0
    writes: int = 0
    facts: int = 0
    largest: int = 0  # writes of one commit

    def add(self, writes: int, facts: int) -> None:
        self.count += 1
        self.writes += writes
        self.facts += facts
        self.largest = max(self.largest, writes)


@dataclass(slots=True, frozen=True)
class RunQuery:
    """Newest first; everything that is asked for must hold. A `tenant` of None means all of them: whoever asks for
    others than the owner of the directory names one.

    `cursor`: only what is older, as the last run of the page before was. That run may be gone.
    """

    statuses: frozenset[str] | None = None
    flow: str | None = None
    parent: str | None = None
    name: str | None = None  # the whole name, or the start of an id
    tenant: str | None = None
    stage: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict[str, str])  # a run has all of these, and may have others
    created_after: float | None = None  # then or later
    created_before: float | None = None
    ended_after: float | None = None  # then or later
    ended_before: float | None = None
    cursor: Age | None = None
    limit: int = 50


class Conflict(Exception):
    """The write does not continue its run: somebody else wrote, or the run has ended."""


class Damaged(Exception):
    """The journal cannot be trusted: the sentence says what was found, where, and what to do."""


class StorageFull(Exception):
    """Nothing more can be written now; nothing that was acknowledged is lost. Writing works again once there is room."""


class DiskFailed(Damaged):
    """The disk refused to make something durable. Nothing is written any more: the process must exit, and start again."""


class Newer(Exception):
    """A newer program wrote this journal; the sentence says which, and what to do."""


class Owned(Exception):
    """Another process drives the runs. `pid`: which one, where that is known. `directory`: the data directory in which it
    can be spoken to; "" if that is on another machine, None if it is the one that was asked for."""

    def __init__(self, message: str, pid: int | None = None, directory: str | None = None) -> None:
        super().__init__(message)
        self.pid = pid
        self.directory = directory


class Closed(Exception):
    """The journal was closed before this could be written."""


def conflict(write: Write, seq: int, *, ended: bool) -> Conflict | None:
    """Why the rows of a write cannot follow the fact `seq` of their run (0: none yet), or None. `ended`: that one ended it."""
    if write.rows and ended:
        return Conflict(f"The run {write.run} has ended at {seq}; nothing can follow.")
    for due, row in enumerate(write.rows, seq + 1):
        if row.seq != due:
            return Conflict(f"The run {write.run} goes on at {due}, and the write says {row.seq}: somebody else wrote.")
        if row.type in ENDS and row is not write.rows[-1]:
            return Conflict(f"The run {write.run} ends at {due}, and the write goes on after it.")
    return None


class Recorded(Protocol):
    """A journal as far as it is read."""

    async def read(self, run: str, after: int = 0, limit: int | None = None) -> list[Row]:
        """The facts of a run with `seq` greater than `after`, checked, the first `limit` of them; [] for a run that does
        not exist."""
        ...

    async def runs(self, query: RunQuery) -> list[RunEntry]: ...


class Journal(Recorded, Protocol):
    """Facts in, facts out. Opening and owning a journal is the adapter's own constructor."""

    def append(self, write: Write, *, alone: bool = False) -> None:
        """`alone`: a commit on this very thread holds nobody up, and nobody's write could share it. A journal may
        then commit at once, and call `on_durable` before this returns."""
        ...

    async def delete(self, run: str) -> bool:
        """Forget a run that has ended, with the blobs that nothing else refers to. False if there is no such run.

        `Conflict` if it has not ended.
        """
        ...

    async def close(self) -> None:
        """Everything that was appended is durable (or was told otherwise) when this returns."""
        ...
