"""Tools: what an agent may call, whatever stands behind the name."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

if TYPE_CHECKING:
    from tenuto.sdk.context import Context

Effects = Literal["idempotent", "once"]
_NOT_ON_THE_WIRE: Final = re.compile(r"[^A-Za-z0-9_-]")
_LONGEST: Final = 64


def wire_name(name: str) -> str:
    """The name as models are told it: `mcp:tickets/search` is `mcp_tickets_search`."""
    return _NOT_ON_THE_WIRE.sub("_", name)[:_LONGEST]


class Tool(Protocol):
    """Found by the router for one agent of one tenant."""

    @property
    def name(self) -> str:
        """As the agent's file names it: `node:http.request`, `flow:refund`, `agent:editor`, `mcp:tickets/search`, `http:search_documents`."""
        ...

    @property
    def description(self) -> str: ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The JSON Schema of its arguments: one object."""
        ...

    @property
    def effects(self) -> Effects:
        """`once`: a call whose answer was lost is not made again before a person has decided."""
        ...

    @property
    def durable(self) -> bool:
        """Whether it records its own steps (a flow, another agent), so that the call itself must not be one."""
        ...

    @property
    def timeout(self) -> float | None:
        """Seconds for one call."""
        ...

    @property
    def trusted(self) -> bool:
        """Whether what it answers comes from the tenant's own systems. False: text of strangers, never to be taken for instructions."""
        ...

    async def call(self, arguments: dict[str, Any], ctx: "Context", key: str) -> Any:
        """The answer, as JSON. `key` names the call within the node, the same on every attempt. `NodeError` if it failed."""
        ...
