"""Cron triggers of what is published: `ports.schedules`."""

from collections.abc import Sequence

from sqlalchemy import delete, func, select, update

from tenuto.ports.schedules import Schedule
from tenuto.stores.sql.sql import Sql, selected, values_of
from tenuto.stores.sql.tables import schedules as table


class SqlSchedules:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def replace(self, tenant: str, stage: str, flow: str, schedules: Sequence[Schedule]) -> None:
        here = table.c.tenant == tenant, table.c.stage == stage, table.c.flow == flow
        await self._sql.run(delete(table).where(*here))
        for each in schedules:
            await self._sql.insert(table, each)

    async def list(self, tenant: str, *, stage: str | None = None, flow: str | None = None) -> Sequence[Schedule]:
        mine = selected(Schedule, table).where(table.c.tenant == tenant)
        if stage is not None:
            mine = mine.where(table.c.stage == stage)
        if flow is not None:
            mine = mine.where(table.c.flow == flow)
        return await self._sql.all(Schedule, mine.order_by(table.c.stage, table.c.flow, table.c.index))

    async def due(self, at: float, *, limit: int = 100) -> Sequence[Schedule]:
        come = selected(Schedule, table).where(table.c.next_due <= at)
        order = table.c.next_due, table.c.tenant, table.c.stage, table.c.flow, table.c.index
        return await self._sql.all(Schedule, come.order_by(*order).limit(limit))

    async def next_due(self) -> float | None:
        return await self._sql.value(select(func.min(table.c.next_due)))

    async def ticked(self, schedule: Schedule, *, last_tick: float | None, next_due: float | None) -> bool:
        as_read = [table.c[name].is_not_distinct_from(value) for name, value in values_of(schedule).items()]
        change = update(table).where(*as_read).values(last_tick=last_tick, next_due=next_due)
        return bool(await self._sql.run(change))
