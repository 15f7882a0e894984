"""Names of new runs that were chosen: of two who ask for the same name at one moment, one gets it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from tenuto.ports.engine import Refused
from tenuto.ports.journal import Journal, RunQuery

_PAGE = 50


class Naming:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._being_taken: set[tuple[str, str]] = set()  # (tenant, name)

    @asynccontextmanager
    async def taking(self, tenant: str, name: str) -> AsyncGenerator[None]:
        """Nobody else may take the name meanwhile. Refused if a run of the tenant has it."""
        if (tenant, name) in self._being_taken:
            raise _taken(name)
        self._being_taken.add((tenant, name))
        try:
            found = await self._journal.runs(RunQuery(name=name, tenant=tenant, limit=_PAGE))
            if any(entry.name == name for entry in found):
                raise _taken(name)
            yield
        finally:
            self._being_taken.discard((tenant, name))


def _taken(name: str) -> Refused:
    hint = "choose another name, or delete that run when it has ended"
    return Refused("exists", f"there is a run `{name}` already", hint)
