"""Schedules: cron triggers of what is published, and when each ticks next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(slots=True, frozen=True)
class Schedule:
    """`index`: which of the flow's triggers it is. `next_due` None: it never ticks again."""

    tenant: str
    stage: str
    flow: str
    version: int
    index: int
    cron: str
    timezone: str
    last_tick: float | None = None
    next_due: float | None = None


class Schedules(Protocol):
    async def replace(self, tenant: str, stage: str, flow: str, schedules: Sequence[Schedule]) -> None:
        """These instead of those that the flow had in that stage. `Missing` if it is not published there."""
        ...

    async def list(self, tenant: str, *, stage: str | None = None, flow: str | None = None) -> Sequence[Schedule]:
        """By stage, flow, index."""
        ...

    async def due(self, at: float, *, limit: int = 100) -> Sequence[Schedule]:
        """Over all tenants: those whose tick has come, the longest overdue first."""
        ...

    async def next_due(self) -> float | None:
        """Over all tenants: when the next one ticks."""
        ...

    async def ticked(self, schedule: Schedule, *, last_tick: float | None, next_due: float | None) -> bool:
        """False if it is not as it was read (another version, another `next_due`): somebody else was faster."""
        ...
