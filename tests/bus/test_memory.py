"""The bus within one process keeps every promise of the port; and what is its own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from tenuto.bus.memory import MemoryBus
from tenuto.ports.bus import Envelope
from tenuto.testing.bus_conformance import BusConformance, Refuses, Taker, event


class TestConformance(BusConformance):
    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[MemoryBus]:
        bus = MemoryBus()
        yield bus
        await bus.close()


async def test_publishing_waits_until_everybody_has_taken_it():
    """So whoever publishes from an outbox crosses nothing off that could be lost."""
    bus, may_go, taken = MemoryBus(), asyncio.Event(), list[str]()

    async def slow(envelope: Envelope) -> None:
        await may_go.wait()
        taken.append(envelope.id)

    bus.subscribe(slow)
    publishing = asyncio.create_task(bus.publish(event("1")))
    await asyncio.sleep(0.01)
    assert not publishing.done()
    may_go.set()
    await publishing

    assert taken == ["1"]


async def test_what_one_subscriber_refuses_is_told_to_the_publisher():
    bus, other = MemoryBus(), Taker()
    bus.subscribe(Taker(refusing=1))
    bus.subscribe(other)

    with pytest.raises(Refuses):
        await bus.publish(event("1"))

    assert other.ids == ["1"]


async def test_a_closed_bus_takes_nothing_and_waits_for_who_is_at_work():
    bus, done = MemoryBus(), list[str]()

    async def slow(envelope: Envelope) -> None:
        await asyncio.sleep(0.02)
        done.append(envelope.id)

    bus.subscribe(slow)
    publishing = asyncio.create_task(bus.publish(event("1")))
    await asyncio.sleep(0)
    publishing.cancel()
    await asyncio.sleep(0)
    await bus.close()

    assert done == ["1"]
    with pytest.raises(ConnectionError):
        await bus.publish(event("2"))
