"""Under which number the flow of a run was saved. The journal knows its content alone: the newest version of that content is it.

What was found is remembered until something is saved in this process; that nothing was found, for a second.
"""

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from tenuto.ports.journal import RunEntry
from tenuto.ports.store import Store

REMEMBERED: Final = 1.0  # seconds
MOST: Final = 20_000

Key = tuple[str, str, str]  # tenant, flow, hash of its document


@dataclass(slots=True)
class VersionNumbers:
    """`clock`: monotonic."""

    store: Store
    clock: Callable[[], float] = time.monotonic
    _known: dict[Key, tuple[float, int | None]] = field(default_factory=dict[Key, tuple[float, int | None]])

    def learn(self, tenant: str, flow: str, document: str, number: int) -> None:
        """Somebody has looked it up; what is known already is the newest."""
        if len(self._known) >= MOST:
            self._known.clear()
        self._known.setdefault((tenant, flow, document), (math.inf, number))

    def forget(self) -> None:
        """Something was saved or deleted."""
        self._known.clear()

    def say(self, entry: RunEntry) -> RunEntry:
        """With its number, if that is known without asking."""
        known = self._known.get(_key(entry))
        entry.version = known[1] if known else None
        return entry

    async def fill(self, entries: Iterable[RunEntry]) -> None:
        """Each with its number; None for a document that nobody saved."""
        now, runs = self.clock(), list(entries)
        keys = {_key(entry) for entry in runs}
        unknown = {key for key in keys if key not in self._known or self._known[key][0] < now}
        if unknown:
            await self._ask(unknown, now)
        for entry in runs:
            self.say(entry)

    async def _ask(self, unknown: Iterable[Key], now: float) -> None:
        async with self.store.read() as tx:
            for tenant, flow, document in unknown:
                found = await tx.versions.by_hash(tenant, flow, document)
                until = now + REMEMBERED if found is None else math.inf
                self._known[tenant, flow, document] = until, found and found.number


def _key(entry: RunEntry) -> Key:
    return entry.tenant, entry.flow, entry.document
