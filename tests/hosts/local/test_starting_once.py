"""A run that is started twice with one id: harmless, and true for both who started it."""

import asyncio
from typing import Any

import pytest

from hosts.local.harness import opened
from tenuto.core.flow import Flow
from tenuto.documents import load
from tenuto.ports.engine import StartRequest
from tenuto.ports.journal import Write
from tenuto.stores.memory import MemoryJournal


class SlowJournal(MemoryJournal):
    """Takes a moment to make anything durable."""

    def append(self, write: Write, *, alone: bool = False) -> None:
        asyncio.get_running_loop().call_later(0.02, super().append, write)


def a_flow() -> Flow:
    flow = load("flow: a\nnodes: {a: {use: set, with: {value: 1}}}\n", format="yaml").flow
    assert flow is not None
    return flow


async def test_whoever_comes_second_is_answered_when_it_is_durable_too():
    journal = SlowJournal()
    async with opened(journal) as harness:

        async def started() -> bool:
            await harness.host.start(StartRequest(a_flow(), {}, run="r"))
            return await harness.host.history.entry("r") is not None

        assert all(await asyncio.gather(*(started() for _ in range(10))))
        await harness.outcome("r")


async def test_whoever_comes_second_tries_again_where_the_first_could_not(monkeypatch: pytest.MonkeyPatch):
    async with opened() as harness:
        host, make = harness.host, harness.host._make
        failures = iter([OSError("the first")])

        async def fails(run: str, request: StartRequest) -> None:
            await asyncio.sleep(0.01)
            for error in failures:
                raise error
            await make(run, request)

        monkeypatch.setattr(host, "_make", fails)
        both: Any = await asyncio.gather(
            *(host.start(StartRequest(a_flow(), {}, run="r")) for _ in range(2)), return_exceptions=True
        )

        assert [type(each) for each in both] == [OSError, str]
        assert (await harness.outcome("r")).status == "succeeded"
