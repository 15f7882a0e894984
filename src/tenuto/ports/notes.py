"""Notes on runs: what people say about one. (Not facts: a run does not know of them.)"""

from dataclasses import dataclass
from typing import Protocol

from tenuto.ports.records import Page


@dataclass(slots=True, frozen=True)
class Note:
    tenant: str
    run: str
    id: str
    text: str
    by: str
    at: float


class Notes(Protocol):
    async def add(self, note: Note) -> None:
        """`Taken` if the run has a note of that id."""
        ...

    async def list(self, tenant: str, run: str, *, limit: int = 50, cursor: str | None = None) -> Page[Note]:
        """Oldest first."""
        ...

    async def delete(self, tenant: str, run: str, id: str) -> bool:  # noqa: A002  the word for it in every layer
        ...

    async def forget(self, tenant: str, run: str) -> int:
        """All notes of a run that is deleted; how many there were."""
        ...
