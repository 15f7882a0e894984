"""`node:TYPE`: a node of the library as a tool. Its form is the schema; the host runs it, with its own secrets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tenuto.sdk.agents import Tool
from tenuto.sdk.agents.tool import Effects
from tenuto.sdk.context import Context
from tenuto.sdk.definition import NodeDefinition
from tenuto.sdk.errors import BrokenNode, UnknownNode
from tenuto.service.tools.source import not_a_tool

# Packages whose nodes run agents or call tools: through them an agent would have rights that its own file does not name.
NOT_TOOLS: Final = frozenset({"agent", "agno", "langgraph", "strands", "tool"})
# Packages whose nodes reach nothing but what the run has.
INSIDE: Final = frozenset({"debug", "document", "documents", "file", "files", "id", "template", "text", "time"})
# Packages that bring in what strangers wrote; documents are uploaded by anybody.
FROM_OUTSIDE: Final = frozenset(
    {"document", "documents", "email", "feed", "file", "files", "http", "imap", "mail", "rss", "web"}
)


@dataclass(slots=True, frozen=True)
class NodeTool:
    node: NodeDefinition

    durable = False

    @property
    def name(self) -> str:
        return f"node:{self.node.name}"

    @property
    def description(self) -> str:
        return self.node.description

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.node.input_schema

    @property
    def effects(self) -> Effects:
        return self.node.effects

    @property
    def timeout(self) -> float | None:
        return self.node.timeout

    @property
    def trusted(self) -> bool:
        return _package(self.node.name) not in FROM_OUTSIDE

    @property
    def sends(self) -> bool:
        return _package(self.node.name) not in INSIDE

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        return await ctx.call_node(self.node.name, arguments, key=key)


@dataclass(slots=True, frozen=True)
class NodeTools:
    """A source over the library, the same for every tenant."""

    registry: Mapping[str, NodeDefinition]

    async def find(self, name: str, *, tenant: str, stage: str) -> Sequence[Tool]:
        del tenant, stage
        if _package(name) in NOT_TOOLS:
            raise not_a_tool(f"`node:{name[:100]}` is not for agents", "name the agent or the tool itself")
        try:
            node = self.registry[name]
            node.form  # noqa: B018  a signature that makes no form is told now, not in the middle of a run
        except UnknownNode:
            return []
        except BrokenNode as error:
            raise not_a_tool(f"`node:{name}` cannot be used: {error}") from None
        return [NodeTool(node)]

    async def names(self, *, tenant: str, stage: str) -> list[str]:
        del tenant, stage
        return [name for name in self.registry if _package(name) not in NOT_TOOLS]


def _package(name: str) -> str:
    return name.partition(".")[0]
