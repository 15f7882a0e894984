"""MCP servers: registered by an administrator, looked at, approved anew where they have changed, removed.

A server that is a program of this machine is registered by whoever cares for the installation alone: it runs with the
rights of this process.
"""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from tenuto.ports.mcp import McpServer, McpTool, Place
from tenuto.ports.mcp_servers import McpPin, McpServerEntry
from tenuto.ports.store import Transaction
from tenuto.sdk.errors import NodeError
from tenuto.service import mcp_definitions
from tenuto.service.audit import audit
from tenuto.service.mcp_definitions import WrongServer, read_server, server_json
from tenuto.service.pins import ToolState, compare, definition_of, hash_of
from tenuto.service.principal import Principal
from tenuto.service.refusals import Refused, did_you_mean
from tenuto.service.tools.toolbox import Workshop

Json = object

MOST: Final = 100  # of one tenant
SYSTEM: Final = "admin:system"


@dataclass(slots=True, frozen=True)
class ServerState:
    """A server with its tools. `asked`: it has been, so they are known. `trouble`: why nothing is known of what it offers now."""

    server: McpServer
    source: str  # settings, or registered
    tools: Sequence[ToolState]
    trouble: str = ""
    asked: bool = True


async def listing(shop: Workshop, who: Principal) -> list[ServerState]:
    """All servers by name, with what was approved of them; none of them is asked."""
    servers = await shop.tools.mcp.servers(who.tenant)
    return [await _known(shop, who, server) for _, server in sorted(servers.items())]


async def get(shop: Workshop, who: Principal, name: str, *, stage: str | None = None) -> ServerState:
    """One server, asked what it offers now. The first time, that is approved, as when the first tool of it is called."""
    server = await _server(shop, who, name)
    await _pin_first(shop, who, server, stage)
    return await _looked_at(shop, who, server, stage)


async def register(
    shop: Workshop, who: Principal, name: str, definition: Mapping[str, Any], *, stage: str | None = None
) -> ServerState:
    """Register it, or put it in the place of the one before, and approve what it offers: whoever registers it vouches for it."""
    server = _read(name, definition)
    if server.command:
        who.needs(SYSTEM)
    if name in shop.tools.mcp.given_to(who.tenant):
        raise Refused("conflict", f"`{name}` stands in the settings of the installation", "choose another name")
    await _place(shop, who, stage)  # refused before anything is written
    async with shop.store.write() as tx:
        await _put(tx, who, server)
    await shop.tools.mcp.mcp.forget(name, who.tenant)
    await _pin_first(shop, who, server, stage)
    return await _looked_at(shop, who, server, stage)


async def approve(
    shop: Workshop, who: Principal, name: str, hashes: Mapping[str, str], *, stage: str | None = None
) -> ServerState:
    """Approve definitions as they were shown: by tool, the hash of what was seen. One that has changed since is refused."""
    server = await _server(shop, who, name)
    offered = {tool.name: tool for tool in await _offered(shop, who, server, stage)}
    for tool, seen in hashes.items():
        now = offered.get(tool)
        if now is None:
            raise Refused("not_found", f"`{name}` offers no tool `{tool[:80]}`", did_you_mean(tool, offered))
        if hash_of(now) != seen:
            raise Refused("conflict", f"`{tool}` is not what you have seen any more", "look at it again")
    at, by = time.time(), f"{who.kind}:{who.id}"
    async with shop.store.write() as tx:
        for tool, seen in hashes.items():
            await tx.mcp_pins.put(McpPin(who.tenant, name, tool, seen, definition_of(offered[tool]), by, at))
        await audit(tx, who, "mcp.approve", name, {"tools": dict(hashes)}, at=at)
    return await _looked_at(shop, who, server, stage)


async def delete(shop: Workshop, who: Principal, name: str) -> None:
    """With everything that was approved of it."""
    if name in shop.tools.mcp.given_to(who.tenant):
        raise Refused("conflict", f"`{name}` stands in the settings of the installation", "take it out of tenuto.toml")
    async with shop.store.write() as tx:
        if not await tx.mcp_servers.delete(who.tenant, name):
            raise await _none(shop, who, name)
        await tx.mcp_pins.delete(who.tenant, name)
        await audit(tx, who, "mcp.delete", name)
    await shop.tools.mcp.mcp.forget(name, who.tenant)


def state_json(state: ServerState) -> dict[str, Json]:
    """As the API and `--json` show it. Values of its environment and headers may be what somebody should not see."""
    said = server_json(state.server)
    return {
        **said,
        "env": sorted(said["env"]),
        "headers": sorted(said["headers"]),
        "source": state.source,
        "trouble": state.trouble,
        "asked": state.asked,
        "tools": [
            {
                "name": tool.name,
                "state": tool.state,
                "description": tool.description,
                "hash": tool.hash,
                "diff": [*tool.diff],
            }
            for tool in state.tools
        ],
    }


def _read(name: str, definition: Mapping[str, Any]) -> McpServer:
    try:
        return read_server(name, definition)
    except WrongServer as error:
        raise Refused("invalid", f"a server takes {error}") from None


async def _put(tx: Transaction, who: Principal, server: McpServer) -> None:
    known = {entry.name for entry in await tx.mcp_servers.list(who.tenant)}
    if server.name not in known and len(known) >= MOST:
        raise Refused("full", f"a tenant has at most {MOST} MCP servers", "delete one that nobody asks any more")
    at = time.time()
    entry = McpServerEntry(who.tenant, server.name, mcp_definitions.definition_of(server), f"{who.kind}:{who.id}", at)
    await tx.mcp_servers.put(entry)
    await tx.mcp_pins.delete(who.tenant, server.name)
    where = {"url": server.url} if server.url else {"command": [*server.command]}
    await audit(tx, who, "mcp.register", server.name, where, at=at)


async def _server(shop: Workshop, who: Principal, name: str) -> McpServer:
    server = await shop.tools.mcp.server(name, who.tenant)
    if server is None:
        raise await _none(shop, who, name)
    return server


async def _none(shop: Workshop, who: Principal, name: str) -> Refused:
    servers = await shop.tools.mcp.servers(who.tenant)
    return Refused("not_found", f"there is no MCP server `{name[:80]}`", did_you_mean(name[:80], servers))


async def _offered(shop: Workshop, who: Principal, server: McpServer, stage: str | None) -> Sequence[McpTool]:
    place = await _place(shop, who, stage)
    try:
        return await shop.tools.mcp.mcp.tools(server, place, fresh=True)
    except NodeError as error:
        raise Refused("unreachable", error.message) from None


async def _pin_first(shop: Workshop, who: Principal, server: McpServer, stage: str | None) -> None:
    """What it offers at the first contact. If it does not answer, whoever looks at it then says so."""
    with suppress(NodeError):
        await shop.tools.mcp.pinned(server, await _place(shop, who, stage), by=f"{who.kind}:{who.id}")


async def _looked_at(shop: Workshop, who: Principal, server: McpServer, stage: str | None) -> ServerState:
    """Compared with what it offers now."""
    known = await _known(shop, who, server)
    try:
        offered = await _offered(shop, who, server, stage)
    except Refused as refused:
        if refused.code != "unreachable":
            raise
        return replace(known, trouble=str(refused))
    async with shop.store.read() as tx:
        pins = await tx.mcp_pins.list(who.tenant, server.name)
    return ServerState(server, known.source, compare(pins, offered))


async def _known(shop: Workshop, who: Principal, server: McpServer) -> ServerState:
    source = "settings" if server.name in shop.tools.mcp.given_to(who.tenant) else "registered"
    async with shop.store.read() as tx:
        pins = await tx.mcp_pins.list(who.tenant, server.name)
    tools = [
        ToolState(pin.tool, "approved", str(pin.definition.get("description", "")), pin.hash)
        for pin in pins
        if pin.tool
    ]
    return ServerState(server, source, tools, asked=bool(pins))


async def _place(shop: Workshop, who: Principal, stage: str | None) -> Place:
    return Place(who.tenant, (await shop.flows.published.stage(who.tenant, stage)).name)
