"""Requests, ticks and events start one run each where the store is PostgreSQL, too."""

import asyncio
from pathlib import Path

from service.house import House, opened
from service.test_events import ORDER, on, relaying, started, tell
from service.test_hooks import flow, sent
from service.test_ticking import cron, pass_time
from tenuto.stores.sql import open_store


def test_each_starts_one_run(postgres_url: str, tmp_path: Path):
    async def scene(house: House) -> None:
        await house.publish(flow("auth: none, key: '${trigger.params.id}'"))
        await house.publish(cron())
        await house.publish(on())

        received = await asyncio.gather(*(sent(house) for _ in range(10)))
        async with relaying(house):
            await tell(house)
            assert await tell(house, ORDER) == ("e-1", True)
            await started(house, 1)
        await pass_time(house, 200)

        assert sum(not each.again for each in received) == len(await house.runs(flow="orders")) == 1
        assert len(await house.runs(flow="listener")) == 1
        assert len(await house.runs(flow="minutely")) == 1

    async def play() -> None:
        store = await open_store(tmp_path, postgres_url)
        try:
            async with opened(store=store) as house:
                await asyncio.wait_for(scene(house), 60)
        finally:
            await store.close()

    asyncio.run(play())
