"""A name that was chosen for a run is one run's."""

import asyncio

import pytest

from hosts.local.harness import LocalHarness, opened
from tenuto.ports.engine import Refused, StartRequest
from tenuto.testing.host_conformance import flow_of

FLOW = flow_of("f", {"nodes": {"a": {"use": "test.echo"}}})


async def start(harness: LocalHarness, name: str, tenant: str = "default") -> str:
    return await harness.host.start(StartRequest(FLOW, name=name, tenant=tenant))


async def test_of_two_who_ask_at_one_moment_one_gets_it() -> None:
    """The other is refused; nothing of it is kept."""
    async with opened() as harness:
        came = await asyncio.gather(*(start(harness, "otter") for _ in range(10)), return_exceptions=True)

        refused = [each for each in came if isinstance(each, Refused)]
        assert len(refused) == 9
        assert {error.code for error in refused} == {"exists"}


async def test_a_name_that_was_taken_before_is_refused() -> None:
    """Another tenant's names are its own."""
    async with opened() as harness:
        await start(harness, "otter")

        with pytest.raises(Refused):
            await start(harness, "otter")
        await start(harness, "otter", "acme")


async def test_who_is_refused_holds_no_name() -> None:
    """Once that run is deleted, the name is free again."""
    async with opened() as harness:
        run = await start(harness, "otter")
        await harness.outcome(run)
        with pytest.raises(Refused):
            await start(harness, "otter")
        await harness.host.delete(run)

        await start(harness, "otter")
