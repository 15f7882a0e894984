"""How a test of the suite gets its store."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from tenuto.ports.store import Store
from tenuto.ports.tenants import Tenant

US: Final = "default"
THEM: Final = "other"  # the tenant on the far side of the wall


class Suite(ABC):
    @abstractmethod
    async def open(self, directory: Path) -> Store:
        """A new store. `directory` is empty and the test's own."""


Some = TypeVar("Some", bound=Suite)


def stored(test: Callable[[Some, Store], Awaitable[None]]) -> Callable[[Some, Path], None]:
    """Run an asynchronous test on a store of its own, with two tenants in it."""

    async def opened(suite: Some, directory: Path) -> None:
        store = await suite.open(directory)
        try:
            async with store.write() as tx:
                await tx.tenants.add(Tenant(THEM, "Other", 1.0))
            await asyncio.wait_for(test(suite, store), 60)
        finally:
            await store.close()

    def run(self: Some, tmp_path: Path) -> None:
        asyncio.run(opened(self, tmp_path))

    run.__name__, run.__doc__ = test.__name__, test.__doc__  # `wraps` would show pytest the wrong arguments
    return run
