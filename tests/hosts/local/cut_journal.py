"""A journal that stops dead at its n-th write, before or after it is kept: what a power cut looks like from inside."""

import asyncio
from typing import Any, Literal

from tenuto.ports.journal import Write
from tenuto.stores.memory import MemoryJournal

Side = Literal["before", "after"]


class CutJournal:
    """Everything but writing is the inner journal's. Once dead, nothing is kept and nobody is told anything."""

    def __init__(self, inner: MemoryJournal, at: int | None = None, side: Side = "before") -> None:
        self.inner = inner
        self.count = 0
        self.died = asyncio.Event()
        self._at = at
        self._side = side

    def append(self, write: Write, *, alone: bool = False) -> None:
        self.count += 1
        if self.died.is_set():
            return
        if self.count == self._at:
            self.died.set()
            if self._side == "after":
                write.on_durable = _unheard
                self.inner.append(write, alone=alone)
            return
        self.inner.append(write, alone=alone)

    async def put(self, content: bytes, owner: str = "") -> str:
        return await self.inner.put(content, owner)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def _unheard(error: BaseException | None) -> None:
    del error
