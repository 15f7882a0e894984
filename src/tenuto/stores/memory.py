"""A journal that lives as long as its process: for tests, trials and simulations.

It keeps every promise of the port but durability, and in the same order of events: a write is decided when it is
appended, and told on the next turn of the event loop.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import replace

from tenuto.ports.journal import ENDS, Closed, Conflict, Damaged, Row, RunEntry, RunQuery, Write, conflict


class MemoryJournal:
    """Facts, index and blobs in dictionaries. Also a `Blobs`."""

    def __init__(self) -> None:
        self._facts: dict[str, list[Row]] = {}
        self._entries: dict[str, RunEntry] = {}
        self._blobs: dict[str, bytes] = {}
        self._owners: dict[str, set[str]] = {}  # blob -> the runs that refer to it
        self._closed = False

    def append(self, write: Write, *, alone: bool = False) -> None:
        del alone  # nothing here takes time
        asyncio.get_running_loop().call_soon(write.on_durable, self._written(write))

    async def read(self, run: str, after: int = 0, limit: int | None = None) -> list[Row]:
        until = None if limit is None else after + limit
        return [replace(row) for row in self._facts.get(run, [])[after:until]]

    async def runs(self, query: RunQuery) -> list[RunEntry]:
        found = sorted(self._entries.values(), key=lambda entry: entry.age, reverse=True)
        if query.cursor is not None:
            found = [entry for entry in found if entry.age < query.cursor]
        return [replace(entry) for entry in found if _matches(entry, query)][: query.limit]

    async def delete(self, run: str) -> bool:
        rows = self._facts.get(run)
        entry = self._entries.get(run)
        if not rows and entry is None:
            return False
        if not _ended(rows, entry):
            raise Conflict(f"The run {run} has not ended; cancel it before deleting it.")
        self._facts.pop(run, None)
        self._entries.pop(run, None)
        self._disown(run)
        return True

    async def put(self, content: bytes, owner: str = "") -> str:
        name = hashlib.sha256(content).hexdigest()
        self._own(owner, [(name, content)])
        return name

    async def get(self, digest: str) -> bytes:
        content = self._blobs[digest]
        if hashlib.sha256(content).hexdigest() != digest:
            raise Damaged(f"The blob {digest} is not what was stored under that name.")
        return content

    async def disown(self, owner: str) -> None:
        self._disown(owner)

    async def close(self) -> None:
        self._closed = True

    def _written(self, write: Write) -> Exception | None:
        if self._closed:
            return Closed("The journal is closed.")
        rows = self._facts.get(write.run, [])
        refused = conflict(write, len(rows), ended=bool(rows) and rows[-1].type in ENDS)
        if refused is not None:
            return refused
        if write.rows:
            self._facts.setdefault(write.run, []).extend(write.rows)
        if write.entry is not None:
            self._entries[write.entry.id] = replace(write.entry)
        self._own(write.run, write.blobs)
        return None

    def _own(self, owner: str, blobs: Iterable[tuple[str, bytes]]) -> None:
        for name, content in blobs:
            self._blobs[name] = content
            self._owners.setdefault(name, set()).add(owner)

    def _disown(self, owner: str) -> None:
        for name, owners in list(self._owners.items()):
            owners.discard(owner)
            if not owners:
                del self._owners[name], self._blobs[name]


def _ended(rows: list[Row] | None, entry: RunEntry | None) -> bool:
    if rows:
        return rows[-1].type in ENDS
    return entry is not None and entry.ended_at is not None


def _matches(entry: RunEntry, query: RunQuery) -> bool:
    return (
        (query.statuses is None or entry.status in query.statuses)
        and (query.tenant is None or entry.tenant == query.tenant)
        and (query.stage is None or entry.stage == query.stage)
        and (query.flow is None or entry.flow == query.flow)
        and (query.parent is None or entry.parent == query.parent)
        and (query.name is None or entry.name == query.name or entry.id.startswith(query.name))
        and query.labels.items() <= entry.labels.items()
        and _in_time(entry, query)
    )


def _in_time(entry: RunEntry, query: RunQuery) -> bool:
    return (
        (query.created_after is None or entry.created_at >= query.created_after)
        and (query.created_before is None or entry.created_at < query.created_before)
        and (query.ended_after is None or (entry.ended_at is not None and entry.ended_at >= query.ended_after))
        and (query.ended_before is None or (entry.ended_at is not None and entry.ended_at < query.ended_before))
    )
