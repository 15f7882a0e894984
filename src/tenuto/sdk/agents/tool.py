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


def covers(written: str, name: str) -> bool:
    """Whether what a file writes means the tool of that full name: the name itself, `mcp:tickets/*`, `node:email.*`, or the
    bare `search`."""
    if written == name:
        return True
    if ":" in written:
        return written.endswith("*") and name.startswith(written[:-1])
    rest = name.partition(":")[2]
    return written in {rest, rest.rpartition("/")[2]}


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
        """Whether it records steps of its own and may wait for days (a flow, another agent): a call in doubt is made again
        without asking, for its steps answer; and no timeout holds for it."""
        ...

    @property
    def timeout(self) -> float | None:
        """Seconds for one call."""
        ...

    @property
    def trusted(self) -> bool:
        """Whether what it answers comes from the tenant's own systems. False: text of strangers, never to be taken for instructions."""
        ...

    @property
    def sends(self) -> bool:
        """Whether what it is given leaves the tenant's own systems: a mail, a request to a stranger's server."""
        ...

    async def call(self, arguments: dict[str, Any], ctx: "Context", key: str) -> Any:
        """The answer, as JSON. `key` names the call within the node, the same on every attempt. `NodeError` if it failed.

        It is called inside the step of that key: `ctx.call_node(type, arguments, key=key)` and `ctx.call_flow(flow,
        arguments, key=key)` are part of it. Steps of its own need keys below it: `f"{key}/upload"`.
        """
        ...
