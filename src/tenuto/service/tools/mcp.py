"""`mcp:SERVER/TOOL` and `mcp:SERVER/*`: tools of MCP servers, as an administrator approved them.

What a model is told comes from the pins and never from the server; so nothing is asked of a server before a tool of it is
called, but for the first contact, at which everything that it offers is pinned.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tenuto.ports.mcp import Mcp, McpAnswer, McpServer, McpTool, Place
from tenuto.ports.mcp_servers import McpPin
from tenuto.ports.store import Store, Transaction
from tenuto.sdk.agents import Tool
from tenuto.sdk.agents.fitting import unfit
from tenuto.sdk.agents.tool import Effects
from tenuto.sdk.context import Context
from tenuto.sdk.errors import NodeError
from tenuto.service.audit import audit
from tenuto.service.mcp_definitions import read_server
from tenuto.service.pins import definition_of, hash_of, tool_of
from tenuto.service.principal import DEFAULT_TENANT
from tenuto.service.tools.source import EVERY, not_a_tool

FIRST_CONTACT: Final = "first contact"  # who approved what a server offered when it was first asked
SEEN: Final = ""  # the tool of the pin that says that a server was looked at
_LONGEST: Final = 2_000  # characters of what a tool says of its failure


@dataclass(slots=True, frozen=True)
class McpServerTool:
    """`pinned`: the hash of what was approved."""

    server: McpServer
    tool: McpTool
    pinned: str
    place: Place
    mcp: Mcp

    durable = False

    @property
    def name(self) -> str:
        return f"mcp:{self.server.name}/{self.tool.name}"

    @property
    def description(self) -> str:
        return self.tool.description

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.tool.parameters

    @property
    def effects(self) -> Effects:
        """Unless its server says that a repeated call does no harm, it is not repeated."""
        hints = self.tool.hints
        return "idempotent" if hints.get("read_only_hint") or hints.get("idempotent_hint") else "once"

    @property
    def timeout(self) -> float | None:
        return self.server.timeout

    @property
    def trusted(self) -> bool:
        return self.server.trusted

    @property
    def sends(self) -> bool:
        return not self.server.trusted

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        del key
        await self._refuse_changed()
        answer = await self.mcp.call(self.server, self.place, self.tool.name, arguments, timeout=self.server.timeout)
        if answer.failed:
            raise NodeError(answer.text[:_LONGEST] or f"{self.name} failed", type="tool", retry=False)
        self._refuse_unfit(answer)
        return await _shown(answer, ctx)

    def _refuse_unfit(self, answer: McpAnswer) -> None:
        """Where an output schema was approved, an answer fits it."""
        if self.tool.output is None:
            return
        wrong = ["it is not structured"] if answer.data is None else unfit(self.tool.output, answer.data)
        if wrong:
            said = f"{self.name} answered what does not fit its output schema: {'; '.join(wrong)}"
            raise NodeError(said[:_LONGEST], type="tool", retry=False)

    async def _refuse_changed(self) -> None:
        offered = {tool.name: tool for tool in await self.mcp.tools(self.server, self.place)}
        now = offered.get(self.tool.name)
        if now is None:
            raise not_a_tool(f"`{self.name}` is not offered by its server any more")
        if hash_of(now) != self.pinned:
            raise not_a_tool(
                f"the definition of `{self.name}` is not the one that was approved",
                f"an administrator looks at it and approves it: tenuto mcp approve {self.server.name}",
            )


@dataclass(slots=True, frozen=True)
class McpTools:
    """A source. `given`: the servers that the settings name. They belong to whoever runs the installation, so to the default
    tenant alone."""

    given: Mapping[str, McpServer]
    mcp: Mcp
    store: Store
    clock: Callable[[], float] = time.time

    async def find(self, name: str, *, tenant: str, stage: str) -> Sequence[Tool]:
        server_name, _, tool = name.partition("/")
        server = await self.server(server_name, tenant)
        if server is None:
            return []
        place = Place(tenant, stage)
        pins = await self.pinned(server, place)
        wanted = [pin for pin in pins if pin.tool and tool in {EVERY, pin.tool}]
        return [McpServerTool(server, tool_of(pin), pin.hash, place, self.mcp) for pin in wanted]

    async def names(self, *, tenant: str, stage: str) -> list[str]:
        """Of servers that were looked at: listing asks nobody else."""
        del stage
        servers = await self.servers(tenant)
        async with self.store.read() as tx:
            found = [(name, await tx.mcp_pins.list(tenant, name)) for name in servers]
        return [f"{name}/{pin.tool}" for name, pins in found for pin in pins if pin.tool]

    async def servers(self, tenant: str) -> dict[str, McpServer]:
        """All that a tenant has, by name."""
        async with self.store.read() as tx:
            own = {entry.name: read_server(entry.name, entry.definition) for entry in await tx.mcp_servers.list(tenant)}
        return {**own, **self.given_to(tenant)}

    def given_to(self, tenant: str) -> Mapping[str, McpServer]:
        return self.given if tenant == DEFAULT_TENANT else {}

    async def server(self, name: str, tenant: str) -> McpServer | None:
        given = self.given_to(tenant).get(name)
        if given is not None:
            return given
        async with self.store.read() as tx:
            entry = await tx.mcp_servers.get(tenant, name)
        return None if entry is None else read_server(name, entry.definition)

    async def pinned(self, server: McpServer, place: Place, *, by: str = FIRST_CONTACT) -> Sequence[McpPin]:
        """What was approved of it; at the first contact, all that it offers."""
        async with self.store.read() as tx:
            pins = await tx.mcp_pins.list(place.tenant, server.name)
        if pins:
            return pins
        offered = await self.mcp.tools(server, place, fresh=True)
        async with self.store.write() as tx:
            pins = await tx.mcp_pins.list(place.tenant, server.name)
            if not pins:
                await pin_all(tx, place.tenant, server.name, offered, by=by, at=self.clock())
                details = {"tools": [tool.name for tool in offered]}
                await audit(tx, None, "mcp.first_contact", server.name, details, tenant=place.tenant)
                pins = await tx.mcp_pins.list(place.tenant, server.name)
        return pins


async def pin_all(tx: Transaction, tenant: str, server: str, tools: Sequence[McpTool], *, by: str, at: float) -> None:
    """Approve all that a server offers."""
    await tx.mcp_pins.put(McpPin(tenant, server, SEEN, "", {}, by, at))
    for tool in tools:
        await tx.mcp_pins.put(McpPin(tenant, server, tool.name, hash_of(tool), definition_of(tool), by, at))


async def _shown(answer: McpAnswer, ctx: Context) -> Any:
    """Structure or text as it is, where that is all; what is neither travels by reference."""
    files = [
        await ctx.files.put(blob.content, name=blob.name, media_type=blob.media_type or "application/octet-stream")
        for blob in answer.blobs
    ]
    if not files and not answer.links:
        return answer.text if answer.data is None else answer.data
    shown: dict[str, Any] = {"text": answer.text} if answer.text else {}
    shown |= {"data": answer.data} if answer.data is not None else {}
    shown |= {"files": files} if files else {}
    return shown | ({"links": [dict(link) for link in answer.links]} if answer.links else {})
