"""A journal whose disk has moods: full for a while, or broken for good."""

import asyncio
from typing import Any

from tenuto.ports.journal import Conflict, StorageFull, Write
from tenuto.stores.memory import MemoryJournal


class FailingJournal:
    """`full`: writes fail and may be tried again later. `broken`: everything fails from now on."""

    def __init__(self, inner: MemoryJournal | None = None) -> None:
        self.inner = inner or MemoryJournal()
        self.full = False
        self.broken: BaseException | None = None
        self.refused = 0
        self._torn: set[str] = set()  # runs of which a write failed: what was appended after it cannot be kept

    def append(self, write: Write, *, alone: bool = False) -> None:
        error = self._error(write)
        if error is None:
            self.inner.append(write, alone=alone)
            return
        self.refused += 1
        asyncio.get_running_loop().call_soon(write.on_durable, error)

    def _error(self, write: Write) -> BaseException | None:
        if self.broken is not None:
            return self.broken
        if self.full:
            self._torn.add(write.run)
            return StorageFull("The disk is full.")
        known = len(self.inner._facts.get(write.run, ()))
        if write.rows and write.run in self._torn and write.rows[0].seq != known + 1:
            return Conflict("It does not continue its run.")
        self._torn.discard(write.run)
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
