"""Labels of a run can be changed, as long as it is kept."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from hosts.local.harness import opened
from tenuto.ports.engine import Refused, StartRequest
from tenuto.ports.journal import RunEntry
from tenuto.stores.journal_sqlite import SqliteJournal
from tenuto.testing.host_conformance import flow_of

ASKS = flow_of("asks", {"nodes": {"ok": {"use": "approval", "with": {"question": "?"}}}})


def play(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 20))


async def labels_of(harness: Any, run: str) -> dict[str, str]:
    entry = await harness.host.history.entry(run)
    return dict(entry.labels)


def test_labels_of_an_open_run_stay_when_it_goes_on(tmp_path: Path) -> None:
    """Its later lines in the index repeat them; they are durable."""

    async def scene() -> None:
        async with SqliteJournal(tmp_path) as journal, opened(journal) as harness:
            run = await harness.host.start(StartRequest(ASKS, labels={"a": "1"}))
            await harness.outcome(run, frozenset({"waiting"}))

            entry = await harness.host.set_labels(run, {"b": "2"})
            assert entry.labels == await labels_of(harness, run) == {"b": "2"}
            await harness.signal(run, "ok", {"approved": True})
            await harness.outcome(run)

            assert await labels_of(harness, run) == {"b": "2"}
        async with SqliteJournal(tmp_path) as journal, opened(journal) as harness:
            assert await labels_of(harness, run) == {"b": "2"}

    play(scene())


def test_labels_of_a_run_that_has_ended_change_too() -> None:
    """Nothing else of its line does."""

    async def scene() -> None:
        async with opened() as harness:
            run = await harness.host.start(StartRequest(flow_of("f", {"nodes": {"a": {"use": "test.echo"}}})))
            await harness.outcome(run)
            before = await harness.host.history.entry(run)

            after = await harness.host.set_labels(run, {"x": "y"})

            assert before is not None
            assert (after.status, after.ended_at, after.labels) == ("succeeded", before.ended_at, {"x": "y"})

    play(scene())


def test_observers_are_told() -> None:
    """What is kept in memory of a run is told of its new labels."""

    async def scene() -> None:
        async with opened() as harness:
            run = await harness.host.start(StartRequest(ASKS))
            await harness.outcome(run, frozenset({"waiting"}))
            told: list[RunEntry] = []
            harness.host.observe(lambda entry, _: told.append(entry))

            await harness.host.set_labels(run, {"x": "y"})

            assert [(entry.id, entry.labels) for entry in told] == [(run, {"x": "y"})]

    play(scene())


def test_a_run_that_was_deleted_meanwhile_does_not_come_back() -> None:
    """Deleting and labelling at once: whichever comes first."""

    async def scene() -> None:
        async with opened() as harness:
            for _ in range(20):
                run = await harness.host.start(StartRequest(flow_of("f", {"nodes": {"a": {"use": "test.echo"}}})))
                await harness.outcome(run)

                await asyncio.gather(
                    harness.host.delete(run), harness.host.set_labels(run, {"x": "y"}), return_exceptions=True
                )

                assert await harness.host.history.entry(run) is None

    play(scene())


def test_a_run_that_does_not_exist_has_no_labels() -> None:
    """`not_found`."""

    async def scene() -> None:
        async with opened() as harness:
            with pytest.raises(Refused) as refused:
                await harness.host.set_labels("nobody", {})
            assert refused.value.code == "not_found"

    play(scene())
