"""The local host passes the suite that every host has to pass, whatever its journal."""

import asyncio
from pathlib import Path

import pytest

from hosts.local.harness import opened
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.host_conformance import CASES, Case, check


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_local_host_keeps_the_promises_of_a_host(case: Case) -> None:
    """On a journal in memory."""

    async def play() -> None:
        async with opened() as harness:
            await asyncio.wait_for(check(case, harness), 10)

    asyncio.run(play())


def test_all_at_once_on_sqlite(tmp_path: Path) -> None:
    """The same flows side by side in one data directory; none disturbs another."""

    async def play() -> None:
        async with SqliteJournal(tmp_path) as journal, opened(journal) as harness:
            await asyncio.wait_for(asyncio.gather(*(check(case, harness) for case in CASES)), 30)

    asyncio.run(play())
