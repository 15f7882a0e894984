"""The flows of a tenant, by name. (What a flow *is* stands in its versions; where a `call` finds one, in `ports.flows`.)"""

from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Page


@dataclass(slots=True, frozen=True)
class FlowEntry:
    """A flow that has been saved. `number`: of its newest version, whose description it has."""

    tenant: str
    name: str
    number: int
    description: str
    updated_at: float


class FlowList(Protocol):
    async def get(self, tenant: str, name: str) -> FlowEntry | None: ...

    async def list(
        self, tenant: str, *, named: str = "", limit: int = 50, cursor: str | None = None
    ) -> Page[FlowEntry]:
        """By name. `named`: a part of it, in capitals or not."""
        ...

    async def delete(self, tenant: str, name: str) -> bool:
        """Forget the flow with its versions, draft, publications and schedules. False if there is none."""
        ...
