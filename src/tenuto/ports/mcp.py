"""MCP servers as they are asked: connections that are kept, tools that are listed and called."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tenuto.sdk.errors import NodeError


@dataclass(slots=True, frozen=True, kw_only=True)
class McpServer:
    """Where a server is: a `command` that is run (its first word the program), or a `url`. Exactly one of both.

    `env`: all that the command finds in its environment; `secrets`: by variable, the secret whose value it gets. `secret`:
    whose value goes into `header` of every request, after `scheme`. `trusted`: what it answers is the tenant's own.
    """

    name: str
    command: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    secrets: Mapping[str, str] = field(default_factory=dict[str, str])
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    secret: str = ""
    header: str = "Authorization"
    scheme: str = "Bearer"
    timeout: float = 60.0
    trusted: bool = False


@dataclass(slots=True, frozen=True)
class Place:
    """For whom a server is asked: nobody shares a connection over tenants or stages, whose secrets differ."""

    tenant: str
    stage: str


@dataclass(slots=True, frozen=True)
class McpTool:
    """A tool as its server defines it. `hints`: what the server says of its effects."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    output: Mapping[str, Any] | None = None
    hints: Mapping[str, bool] = field(default_factory=dict[str, bool])


@dataclass(slots=True, frozen=True)
class Blob:
    """Content that is no text."""

    content: bytes
    name: str
    media_type: str


@dataclass(slots=True, frozen=True)
class McpAnswer:
    """`data`: where the answer is structured. `links`: places of resources, which nobody has fetched."""

    text: str = ""
    data: Any = None
    blobs: Sequence[Blob] = ()
    links: Sequence[Mapping[str, str]] = ()
    failed: bool = False


class Unreachable(NodeError):
    """The server does not answer. `begun`: the call was on its way, so it may have happened."""

    def __init__(self, message: str, *, begun: bool = False, retry_after: float | None = None) -> None:
        super().__init__(message, type="lost" if begun else "connection", retry_after=retry_after)
        self.begun = begun


class Mcp(Protocol):
    async def tools(self, server: McpServer, place: Place, *, fresh: bool = False) -> Sequence[McpTool]:
        """What it offers now; a moment ago is good enough unless `fresh`. `Unreachable`."""
        ...

    async def call(
        self,
        server: McpServer,
        place: Place,
        tool: str,
        arguments: Mapping[str, Any],
        *,
        timeout: float,  # noqa: ASYNC109  the server is told when it has passed
    ) -> McpAnswer:
        """One call; whoever stops waiting cancels it. `Unreachable`; `NodeError` of type `timeout` or `tool`."""
        ...

    async def forget(self, name: str, tenant: str | None = None) -> None:
        """Close what is kept open of the server, of one tenant or of all."""
        ...

    def troubles(self) -> Mapping[str, str]:
        """What is wrong with servers that were asked and did not answer, by name."""
        ...

    async def aclose(self) -> None:
        """Close everything. Nothing is asked of it afterwards."""
        ...
