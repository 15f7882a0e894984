"""Stages of a tenant: where versions are published, in the order in which they move on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

# A stage of this name plays every effect; nobody can make one.
MOCK: Final = "mock"

# What a new tenant has: name, and whether it is production.
DEFAULTS: Final = (("dev", False), ("staging", False), ("prod", True))


@dataclass(slots=True, frozen=True)
class Stage:
    """`order`: where it stands among the others, from 0. At most one stage of a tenant is production."""

    tenant: str
    name: str
    order: int
    production: bool = False


class Stages(Protocol):
    async def put(self, stage: Stage) -> None:
        """A new one, or a change. Production moves here from another stage. Renumbering the others is the caller's."""
        ...

    async def get(self, tenant: str, name: str) -> Stage | None: ...

    async def list(self, tenant: str) -> Sequence[Stage]:
        """In their order."""
        ...

    async def delete(self, tenant: str, name: str) -> bool:
        """Forget it, with what is published there, its schedules, and its own variables and secrets."""
        ...
