"""DBOS on its SQLite system database, set as it comes: a workflow that awaits its steps, one by one or all at once."""

import asyncio
import sys
from pathlib import Path

from dbos import DBOS, DBOSConfig

sys.path.insert(0, str(Path(__file__).parents[1]))
from measure import asked, fresh_folder, measure


@DBOS.step()
async def add_one(x: int) -> int:
    return x + 1


@DBOS.step()
async def join(parts: list[int]) -> int:
    return sum(parts)


@DBOS.workflow()
async def chain(steps: int) -> int:
    x = 0
    for _ in range(steps):
        x = await add_one(x)
    return x


@DBOS.workflow()
async def fan(steps: int) -> int:
    return await join(list(await asyncio.gather(*(add_one(0) for _ in range(steps)))))


async def main() -> None:
    work = asked()
    with fresh_folder() as folder:
        config = DBOSConfig(
            name="bench",
            system_database_url=f"sqlite:///{folder}/dbos.db",
            log_level="ERROR",
            enable_otlp=False,
            run_admin_server=False,
        )
        DBOS(config=config)
        DBOS.launch()
        flow = chain if work.kind == "chain" else fan
        try:
            await measure("dbos_sqlite", work, lambda: flow(work.steps))
        finally:
            DBOS.destroy()


asyncio.run(main())
