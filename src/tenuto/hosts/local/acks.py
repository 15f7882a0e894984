"""Waiting for a write: a future, and the call that settles it when the write is durable, or is not."""

import asyncio
from collections.abc import Callable


def awaited_ack() -> "tuple[asyncio.Future[None], Callable[[BaseException | None], None]]":
    """Whoever waited may have left meanwhile; that is no fault."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ack(error: BaseException | None) -> None:
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(error)

    return done, ack
