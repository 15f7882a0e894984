"""Messages from outside that were seen: `ports.deliveries`."""

from sqlalchemy import delete

from tenuto.ports.deliveries import Delivery
from tenuto.stores.sql.sql import Insert, Sql, selected, values_of
from tenuto.stores.sql.tables import deliveries


class SqlDeliveries:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def record(self, delivery: Delivery, *, since: float) -> Delivery | None:
        while not await self._sql.run(self._new(delivery, since)):
            before = await self._find(delivery)
            if before is not None:
                return before
            # Forgotten between the two statements: try again.
        return None

    def _new(self, delivery: Delivery, since: float) -> Insert:
        """Touches one row, new or too old to count; or none. Waits for who is about to record the same."""
        values = values_of(delivery)
        key = ["tenant", "source", "id"]
        return (
            self._sql.insertion(deliveries)
            .values(values)
            .on_conflict_do_update(index_elements=key, set_=values, where=deliveries.c.at < since)
        )

    async def _find(self, delivery: Delivery) -> Delivery | None:
        table = deliveries
        same = table.c.tenant == delivery.tenant, table.c.source == delivery.source, table.c.id == delivery.id
        return await self._sql.first(Delivery, selected(Delivery, table).where(*same))

    async def forget(self, tenant: str, source: str, id: str) -> bool:  # noqa: A002  the word of the port
        same = deliveries.c.tenant == tenant, deliveries.c.source == source, deliveries.c.id == id
        return bool(await self._sql.run(delete(deliveries).where(*same)))
