"""Values of variables, per stage or for all. (What a run sees of them: `ports.variables`.)"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Json, Page


@dataclass(slots=True, frozen=True)
class Value:
    """`stage` may be `*` (`ports.sealed.ANY_STAGE`)."""

    tenant: str
    stage: str
    name: str
    value: Json
    by: str
    at: float


class Values(Protocol):
    async def put(self, value: Value) -> None:
        """In place of the one before. `Missing` if there is no such tenant; whether there is the stage is the caller's to ask."""
        ...

    async def get(self, tenant: str, stage: str, name: str) -> Value | None:
        """Exactly there: `*` is a stage of its own here."""
        ...

    async def list(
        self, tenant: str, *, stage: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[Value]:
        """By name, then by stage."""
        ...

    async def of_stage(self, tenant: str, stage: str) -> Sequence[Value]:
        """All that hold in this stage: its own, and those of `*` that it has none of its own for."""
        ...

    async def delete(self, tenant: str, stage: str, name: str) -> bool: ...
