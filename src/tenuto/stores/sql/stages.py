"""Stages of a tenant: `ports.stages`."""

from collections.abc import Sequence

from sqlalchemy import delete, update

from tenuto.ports.stages import Stage
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import sealed, stages, variables


class SqlStages:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, stage: Stage) -> None:
        if stage.production:
            await self._sql.run(update(stages).where(stages.c.tenant == stage.tenant).values(production=False))
        await self._sql.put(stages, stage)

    async def get(self, tenant: str, name: str) -> Stage | None:
        return await self._sql.first(
            Stage, selected(Stage, stages).where(stages.c.tenant == tenant, stages.c.name == name)
        )

    async def list(self, tenant: str) -> Sequence[Stage]:
        mine = selected(Stage, stages).where(stages.c.tenant == tenant)
        return await self._sql.all(Stage, mine.order_by(stages.c.order, stages.c.name))

    async def delete(self, tenant: str, name: str) -> bool:
        for table in (sealed, variables):  # no foreign key: `*` is not a stage
            await self._sql.run(delete(table).where(table.c.tenant == tenant, table.c.stage == name))
        return bool(await self._sql.run(delete(stages).where(stages.c.tenant == tenant, stages.c.name == name)))
