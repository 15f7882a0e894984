"""An MCP server in memory: `ports.mcp`. What it offers can be changed behind everybody's back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tenuto.ports.mcp import McpAnswer, McpServer, McpTool, Place, Unreachable

SEARCH = McpTool("search", "Looks for tickets.", {"type": "object", "properties": {"query": {"type": "string"}}}, None, {"read_only_hint": True})  # fmt: skip
CLOSE = McpTool("close", "Closes a ticket.", {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]})  # fmt: skip


@dataclass
class FakeMcp:
    offers: list[McpTool] = field(default_factory=lambda: [SEARCH, CLOSE])
    answers: dict[str, McpAnswer] = field(default_factory=dict[str, McpAnswer])
    calls: list[tuple[str, str, str, dict[str, Any]]] = field(
        default_factory=list[tuple[str, str, str, dict[str, Any]]]
    )
    listed: int = 0
    gone: bool = False
    forgotten: list[str] = field(default_factory=list[str])

    async def tools(self, server: McpServer, place: Place, *, fresh: bool = False) -> Sequence[McpTool]:
        self.listed += 1
        if self.gone:
            raise Unreachable(f"the MCP server `{server.name}` cannot be reached: nobody answers")
        return list(self.offers)

    async def call(
        self,
        server: McpServer,
        place: Place,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        timeout: float,  # noqa: ASYNC109  as the port has it
    ) -> McpAnswer:
        self.calls.append((place.tenant, server.name, tool, dict(arguments)))
        return self.answers.get(tool, McpAnswer(f"{tool} done"))

    async def forget(self, name: str, tenant: str | None = None) -> None:
        self.forgotten.append(name)

    def troubles(self) -> Mapping[str, str]:
        return {"tickets": "nobody answers"} if self.gone else {}

    async def aclose(self) -> None:
        pass
