"""One request, one transaction: `tx: Reading` or `tx: Writing` is all that a route says.

What a route wrote is committed when it returns and before its answer leaves; a route that raises has written nothing.
Nobody calls commit.
"""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends

from tenuto.api.platform import ThePlatform
from tenuto.ports.store import Transaction


async def _reading(platform: ThePlatform) -> AsyncGenerator[Transaction]:
    async with platform.store.read() as tx:
        yield tx


async def _writing(platform: ThePlatform) -> AsyncGenerator[Transaction]:
    async with platform.store.write() as tx:
        yield tx


# "function": the block is left as soon as the route has returned, so that an answer never precedes its commit.
Reading = Annotated[Transaction, Depends(_reading, scope="function")]
Writing = Annotated[Transaction, Depends(_writing, scope="function")]
