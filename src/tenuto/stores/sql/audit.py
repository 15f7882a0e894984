"""The audit of a tenant: `ports.audit`. Rows are added and read; there is no statement that changes one."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, func, select

from tenuto.ports.audit import AuditEntry
from tenuto.ports.records import Page
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import audit


class SqlAudit:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def head(self, tenant: str) -> AuditEntry | None:
        if self._sql.writing and self._sql.is_postgres:  # SQLite has one writer at a time
            await self._sql.value(select(func.pg_advisory_xact_lock(func.hashtextextended(f"audit {tenant}", 0))))
        return await self._sql.first(AuditEntry, self._of(tenant).order_by(audit.c.seq.desc()).limit(1))

    async def append(self, entry: AuditEntry) -> None:
        await self._sql.insert(audit, entry)

    async def list(
        self,
        tenant: str,
        *,
        actor: str | None = None,
        action: str | None = None,
        subject: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[AuditEntry]:
        mine = self._of(tenant)
        for column, wanted in ((audit.c.actor, actor), (audit.c.action, action), (audit.c.subject, subject)):
            if wanted is not None:
                mine = mine.where(column == wanted)
        if since is not None:
            mine = mine.where(audit.c.at >= since)
        if until is not None:
            mine = mine.where(audit.c.at < until)
        return await self._sql.page(AuditEntry, mine, [audit.c.seq], limit=limit, cursor=cursor, falling=True)

    async def after(self, tenant: str, seq: int, *, limit: int = 1_000) -> Sequence[AuditEntry]:
        mine = self._of(tenant).where(audit.c.seq > seq)
        return await self._sql.all(AuditEntry, mine.order_by(audit.c.seq).limit(limit))

    async def tenants(self) -> Sequence[str]:
        found = await self._sql.column(select(audit.c.tenant).distinct().order_by(audit.c.tenant))
        return [str(tenant) for tenant in found]

    def _of(self, tenant: str) -> Select[Any]:
        return selected(AuditEntry, audit).where(audit.c.tenant == tenant)
