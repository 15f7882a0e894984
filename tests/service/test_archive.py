"""What was recorded, read back."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

from tenuto.ports.journal import RunEntry, RunQuery
from tenuto.service.archive import RECENT, Archive


class Pages:
    """A journal of many runs, that gives no more of them than were asked for."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._ids = entries

    async def runs(self, query: RunQuery) -> list[Any]:
        start = 0 if query.cursor is None else self._ids.index(query.cursor[1]) + 1
        return [_Entry(each) for each in self._ids[start : start + query.limit]]


class _Entry:
    def __init__(self, run: str) -> None:
        self.id = run
        self.age = 0.0, run


async def unfinished(ids: Sequence[str]) -> list[RunEntry]:
    return await Archive(cast("Any", Pages(ids)), cast("Any", None), lambda _: None).unfinished()


def test_every_unfinished_run_is_found_however_many_there_are() -> None:
    """`tenuto resume` follows all of them: more than a page."""
    ids = [f"r{number}" for number in range(2 * RECENT + 3)]

    found = asyncio.run(unfinished(ids))

    assert [entry.id for entry in found] == ids
