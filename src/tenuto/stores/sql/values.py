"""Values of variables: `ports.values`."""

from collections.abc import Sequence

from sqlalchemy import delete

from tenuto.ports.records import Page
from tenuto.ports.sealed import ANY_STAGE
from tenuto.ports.values import Value
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import variables


class SqlValues:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, value: Value) -> None:
        await self._sql.put(variables, value)

    async def get(self, tenant: str, stage: str, name: str) -> Value | None:
        here = variables.c.tenant == tenant, variables.c.stage == stage, variables.c.name == name
        return await self._sql.first(Value, selected(Value, variables).where(*here))

    async def list(
        self, tenant: str, *, stage: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Value]:
        mine = selected(Value, variables).where(variables.c.tenant == tenant)
        if stage is not None:
            mine = mine.where(variables.c.stage == stage)
        order = [variables.c.name, variables.c.stage]
        return await self._sql.page(Value, mine, order, limit=limit, cursor=cursor)

    async def of_stage(self, tenant: str, stage: str) -> Sequence[Value]:
        both = variables.c.tenant == tenant, variables.c.stage.in_([stage, ANY_STAGE])
        found = await self._sql.all(Value, selected(Value, variables).where(*both).order_by(variables.c.name))
        own = {value.name for value in found if value.stage == stage}
        return [value for value in found if value.stage == stage or value.name not in own]

    async def delete(self, tenant: str, stage: str, name: str) -> bool:
        here = variables.c.tenant == tenant, variables.c.stage == stage, variables.c.name == name
        return bool(await self._sql.run(delete(variables).where(*here)))
