"""What agents may call: services by HTTP, MCP servers, and what was approved of these."""

from dataclasses import replace

from tenuto.ports.http_tools import HttpToolEntry
from tenuto.ports.mcp_servers import McpPin, McpServerEntry
from tenuto.ports.records import Missing
from tenuto.ports.store import Store
from tenuto.testing.store_conformance.suite import THEM, US, Suite, stored

SERVICE = HttpToolEntry(US, "find_order", {"url": "https://shop.example.com/{id}", "timeout": 1.5}, "user:ann", 1.0)
SERVER = McpServerEntry(US, "tickets", {"url": "https://mcp.example.com", "secret": "tickets"}, "user:ann", 1.0)
PIN = McpPin(US, "tickets", "search", "aa", {"description": "Looks."}, "user:ann", 2.0)


class AgentTools(Suite):
    @stored
    async def test_a_service_is_kept_changed_and_forgotten(self, store: Store) -> None:
        changed = replace(SERVICE, definition={"url": "https://b.example.com"}, at=2.0)
        async with store.write() as tx:
            await tx.http_tools.put(SERVICE)
            await tx.http_tools.put(replace(SERVICE, name="cancel_order"))
            await tx.http_tools.put(replace(SERVICE, tenant=THEM, by="user:bob"))
        async with store.write() as tx:
            await tx.http_tools.put(changed)
            assert await tx.http_tools.delete(US, "cancel_order")
            assert not await tx.http_tools.delete(US, "cancel_order")
        async with store.read() as tx:
            assert await tx.http_tools.get(US, "find_order") == changed
            assert await tx.http_tools.list(US) == [changed]
            assert [each.by for each in await tx.http_tools.list(THEM)] == ["user:bob"]

    @stored
    async def test_an_mcp_server_is_kept_changed_and_forgotten(self, store: Store) -> None:
        changed = replace(SERVER, definition={"url": "https://other.example.com"})
        async with store.write() as tx:
            await tx.mcp_servers.put(SERVER)
            await tx.mcp_servers.put(changed)
            await tx.mcp_servers.put(replace(SERVER, tenant=THEM))
        async with store.read() as tx:
            assert await tx.mcp_servers.get(US, "tickets") == changed
            assert await tx.mcp_servers.get(US, "others") is None
            assert await tx.mcp_servers.list(THEM) == [replace(SERVER, tenant=THEM)]
        async with store.write() as tx:
            assert await tx.mcp_servers.delete(US, "tickets")
        async with store.read() as tx:
            assert await tx.mcp_servers.list(US) == []
            assert len(await tx.mcp_servers.list(THEM)) == 1

    @stored
    async def test_what_was_approved_is_kept_for_each_server_and_tenant(self, store: Store) -> None:
        async with store.write() as tx:
            for pin in (PIN, replace(PIN, tool="close"), replace(PIN, server="files"), replace(PIN, tenant=THEM)):
                await tx.mcp_pins.put(pin)
            await tx.mcp_pins.put(replace(PIN, hash="bb"))
        async with store.read() as tx:
            assert [(pin.tool, pin.hash) for pin in await tx.mcp_pins.list(US, "tickets")] == [
                ("close", "aa"),
                ("search", "bb"),
            ]
        async with store.write() as tx:
            assert await tx.mcp_pins.delete(US, "tickets", "close") == 1
            assert await tx.mcp_pins.delete(US, "tickets") == 1
        async with store.read() as tx:
            assert await tx.mcp_pins.list(US, "tickets") == []
            assert len(await tx.mcp_pins.list(US, "files")) == 1
            assert len(await tx.mcp_pins.list(THEM, "tickets")) == 1

    @stored
    async def test_no_tool_is_kept_for_a_tenant_that_there_is_not(self, store: Store) -> None:
        for noun, record in (("http_tools", SERVICE), ("mcp_servers", SERVER), ("mcp_pins", PIN)):
            missing = False
            try:
                async with store.write() as tx:
                    await getattr(tx, noun).put(replace(record, tenant="nobody"))
            except Missing:
                missing = True
            assert missing, noun
