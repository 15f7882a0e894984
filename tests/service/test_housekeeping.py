"""What has expired goes; what still counts stays."""

import asyncio

from service.house import NOW, House, played
from tenuto.ports.deliveries import Delivery
from tenuto.service import housekeeping


def test_what_was_seen_counts_for_a_day_and_goes_after_it():
    async def scene(house: House) -> None:
        async with house.store.write() as tx:
            await tx.deliveries.record(Delivery("default", "old", "1", NOW), since=0)
        house.clock.now += 86_400
        assert await housekeeping.tidy(house.platform) == 0
        house.clock.now += housekeeping.SPARE + 1

        assert await housekeeping.tidy(house.platform) == 1

    played(scene)


def test_the_worker_outlives_what_goes_wrong_and_stops_when_told(monkeypatch):
    async def scene(house: House) -> None:
        monkeypatch.setattr(housekeeping, "EVERY", 0.01)
        tidied, again = iter([ZeroDivisionError()]), asyncio.Event()

        async def tidy(_: object) -> int:
            for error in tidied:
                raise error
            again.set()
            return 0

        monkeypatch.setattr(housekeeping, "tidy", tidy)
        stop = asyncio.Event()
        worker = asyncio.create_task(housekeeping.drive(house.platform, stop))
        await again.wait()
        stop.set()

        await asyncio.wait_for(worker, 1)

    played(scene)
