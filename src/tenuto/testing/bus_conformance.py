"""What every bus promises (`tenuto.ports.bus`). A test class of an adapter inherits this and says how to open one."""

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress

from tenuto.ports.bus import Bus, Envelope

_PATIENCE = 5.0  # seconds that a bus over a network may take


class Refuses(Exception):
    """What a subscriber raises."""


class BusConformance:
    @abstractmethod
    def opened(self) -> AbstractAsyncContextManager[Bus]:
        """A bus with nothing in it, closed afterwards."""

    def test_every_subscriber_gets_every_event(self) -> None:
        async def scene(bus: Bus) -> None:
            one, other = Taker(), Taker()
            bus.subscribe(one)
            bus.subscribe(other)

            for number in range(3):
                await bus.publish(event(str(number)))

            assert await one.got(3) == await other.got(3) == ["0", "1", "2"]
            assert one.taken[0] == event("0")

        self._play(scene)

    def test_who_has_left_gets_nothing_more(self) -> None:
        async def scene(bus: Bus) -> None:
            stays, leaves = Taker(), Taker()
            bus.subscribe(stays)
            leave = bus.subscribe(leaves)
            await bus.publish(event("1"))
            await leaves.got(1)

            leave()
            await bus.publish(event("2"))

            assert await stays.got(2) == ["1", "2"]
            assert leaves.ids == ["1"]

        self._play(scene)

    def test_one_that_refuses_gets_it_again_and_holds_up_nobody(self) -> None:
        """By the bus itself, or by publishing again, where the bus says that it must be."""

        async def scene(bus: Bus) -> None:
            refuses, other = Taker(refusing=1), Taker()
            bus.subscribe(refuses)
            bus.subscribe(other)

            for _ in range(2):
                with suppress(Refuses):
                    await bus.publish(event("1"))
                    break

            assert set(await refuses.got(1)) == {"1"}
            assert set(await other.got(1)) == {"1"}

        self._play(scene)

    def test_an_event_comes_as_it_was_published(self) -> None:
        async def scene(bus: Bus) -> None:
            taker = Taker()
            bus.subscribe(taker)
            sent = Envelope("id", "a.b", 1.5, "tenant", "ü", {"deep": [1, None, {"x": "\u2028"}]}, "run", 3)

            await bus.publish(sent)

            await taker.got(1)
            assert taker.taken == [sent]

        self._play(scene)

    def _play(self, scene: Callable[[Bus], Awaitable[None]]) -> None:
        async def play() -> None:
            async with self.opened() as bus:
                await asyncio.wait_for(scene(bus), 4 * _PATIENCE)

        asyncio.run(play())


class Taker:
    """A subscriber that writes down what it gets. `refusing`: how many times it raises first."""

    def __init__(self, refusing: int = 0) -> None:
        self.taken: list[Envelope] = []
        self._refusing = refusing
        self._more = asyncio.Event()

    async def __call__(self, envelope: Envelope) -> None:
        if self._refusing:
            self._refusing -= 1
            raise Refuses
        self.taken.append(envelope)
        self._more.set()

    @property
    def ids(self) -> list[str]:
        return [envelope.id for envelope in self.taken]

    async def got(self, count: int) -> list[str]:
        """The ids, once there are so many."""
        async with asyncio.timeout(_PATIENCE):
            while len(self.taken) < count:
                self._more.clear()
                await self._more.wait()
        return self.ids


def event(identifier: str) -> Envelope:
    return Envelope(identifier, "order.created", 1_800_000_000.0, "default", "me", {"n": identifier})
