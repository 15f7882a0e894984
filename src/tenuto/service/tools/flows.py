"""`flow:NAME`: a flow as a tool, as it holds in the stage of the run that calls it. It runs as a child, with its own journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tenuto.core.flow import Flow
from tenuto.ports.flows import FlowSource, NoSuchFlow
from tenuto.ports.store import Store
from tenuto.sdk.agents import Tool
from tenuto.sdk.agents.tool import Effects
from tenuto.sdk.context import Context
from tenuto.service.tools.source import not_a_tool

_NOTHING: Final[Mapping[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}


@dataclass(slots=True, frozen=True)
class FlowTool:
    flow: Flow

    effects: Effects = "idempotent"  # its run has a key of its own: asked for again, it is the same run
    durable = True
    timeout = None
    trusted = True
    sends = False  # what its nodes may reach is in its own document, which the tenant wrote

    @property
    def name(self) -> str:
        return f"flow:{self.flow.name}"

    @property
    def description(self) -> str:
        return self.flow.description or f"Run the flow {self.flow.name}."

    @property
    def parameters(self) -> Mapping[str, Any]:
        return self.flow.input_schema or _NOTHING

    async def call(self, arguments: dict[str, Any], ctx: Context, key: str) -> Any:
        return await ctx.call_flow(self.flow.name, arguments, key=key)


@dataclass(slots=True, frozen=True)
class FlowTools:
    """A source over the flows of a tenant. `store`: None where flows are files, which nobody lists."""

    flows: FlowSource
    store: Store | None = None

    async def find(self, name: str, *, tenant: str, stage: str) -> Sequence[Tool]:
        if self.store is not None and name not in await self.names(tenant=tenant, stage=stage):
            return await self._elsewhere(name, tenant, stage)
        try:
            found = await self.flows.find(name, None, stage=stage, tenant=tenant)
        except NoSuchFlow as error:
            raise not_a_tool(f"`flow:{name[:100]}` cannot be used: {error}") from None
        return [FlowTool(found.flow)]

    async def names(self, *, tenant: str, stage: str) -> list[str]:
        """Those that are published there."""
        if self.store is None:
            return []
        async with self.store.read() as tx:
            return [each.flow for each in await tx.publications.list(tenant, stage=stage)]

    async def _elsewhere(self, name: str, tenant: str, stage: str) -> Sequence[Tool]:
        """None, unless there is such a flow: then it is said what it lacks."""
        assert self.store is not None
        async with self.store.read() as tx:
            known = await tx.flows.get(tenant, name)
        if known is None:
            return []
        raise not_a_tool(
            f"`flow:{name}` is not published on the stage `{stage}`", f"tenuto flows publish {name} {stage}"
        )
