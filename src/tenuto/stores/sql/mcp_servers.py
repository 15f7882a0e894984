"""MCP servers and what was approved of them: `ports.mcp_servers`."""

from collections.abc import Sequence

from sqlalchemy import delete

from tenuto.ports.mcp_servers import McpPin, McpServerEntry
from tenuto.stores.sql.sql import Sql, selected
from tenuto.stores.sql.tables import mcp_pins, mcp_servers


class SqlMcpServers:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, entry: McpServerEntry) -> None:
        await self._sql.put(mcp_servers, entry)

    async def get(self, tenant: str, name: str) -> McpServerEntry | None:
        here = mcp_servers.c.tenant == tenant, mcp_servers.c.name == name
        return await self._sql.first(McpServerEntry, selected(McpServerEntry, mcp_servers).where(*here))

    async def list(self, tenant: str) -> Sequence[McpServerEntry]:
        mine = selected(McpServerEntry, mcp_servers).where(mcp_servers.c.tenant == tenant)
        return await self._sql.all(McpServerEntry, mine.order_by(mcp_servers.c.name))

    async def delete(self, tenant: str, name: str) -> bool:
        here = mcp_servers.c.tenant == tenant, mcp_servers.c.name == name
        return bool(await self._sql.run(delete(mcp_servers).where(*here)))


class SqlMcpPins:
    __slots__ = ("_sql",)

    def __init__(self, sql: Sql) -> None:
        self._sql = sql

    async def put(self, pin: McpPin) -> None:
        await self._sql.put(mcp_pins, pin)

    async def list(self, tenant: str, server: str) -> Sequence[McpPin]:
        mine = selected(McpPin, mcp_pins).where(mcp_pins.c.tenant == tenant, mcp_pins.c.server == server)
        return await self._sql.all(McpPin, mine.order_by(mcp_pins.c.tool))

    async def delete(self, tenant: str, server: str, tool: str | None = None) -> int:
        here = [mcp_pins.c.tenant == tenant, mcp_pins.c.server == server]
        if tool is not None:
            here.append(mcp_pins.c.tool == tool)
        return await self._sql.run(delete(mcp_pins).where(*here))
