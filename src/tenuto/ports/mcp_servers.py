"""MCP servers that the administrators of a tenant registered, and the definitions of tools that they approved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(slots=True, frozen=True)
class McpServerEntry:
    """`definition`: as `service.mcp_servers` reads it. It names secrets and never holds one."""

    tenant: str
    name: str
    definition: Mapping[str, Any]
    by: str
    at: float


@dataclass(slots=True, frozen=True)
class McpPin:
    """What somebody approved: `hash` is that of `definition` (name, description, schemas, hints).

    A pin of the tool `""` says that the server was looked at, whatever it offered.
    """

    tenant: str
    server: str
    tool: str
    hash: str
    definition: Mapping[str, Any]
    by: str
    at: float


class McpServers(Protocol):
    async def put(self, entry: McpServerEntry) -> None:
        """In place of the one before. `Missing` if there is no such tenant."""
        ...

    async def get(self, tenant: str, name: str) -> McpServerEntry | None: ...

    async def list(self, tenant: str) -> Sequence[McpServerEntry]:
        """By name."""
        ...

    async def delete(self, tenant: str, name: str) -> bool: ...


class McpPins(Protocol):
    async def put(self, pin: McpPin) -> None:
        """In place of the one before. `Missing` if there is no such tenant."""
        ...

    async def list(self, tenant: str, server: str) -> Sequence[McpPin]:
        """By tool."""
        ...

    async def delete(self, tenant: str, server: str, tool: str | None = None) -> int:
        """One of a server, or all of it: how many there were."""
        ...
