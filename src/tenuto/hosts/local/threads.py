"""Threads for plain `def` nodes, so that a function that blocks or computes never stalls the loop.

Started when first needed, bounded, and daemons: a function that never returns must not keep the process alive. One
that was given up on gives its place to a new thread, until it returns after all.
"""

import asyncio
import contextvars
import queue
import threading
from collections.abc import Callable
from typing import Any

_Job = tuple[Callable[[], Any], "asyncio.Future[Any]", asyncio.AbstractEventLoop]


class Threads:
    def __init__(self, size: int) -> None:
        self._size = size
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._count = 0
        self._busy = 0  # jobs given and not yet answered, as the loop sees it
        self._pending: set[asyncio.Future[Any]] = set()

    async def run(self, function: Callable[[], Any]) -> Any:
        """Call it in a thread and wait until it has really returned.

        A cancellation is kept until then: the function cannot be stopped, only asked to stop.
        """
        loop = asyncio.get_running_loop()
        context = contextvars.copy_context()
        future: asyncio.Future[Any] = loop.create_future()
        self._busy += 1
        self._pending.add(future)
        if self._busy > self._count and self._count < self._size:
            self._grow()
        self._jobs.put((lambda: context.run(function), future, loop))
        try:
            return await _uninterrupted(future)
        finally:
            self._busy -= 1
            self._pending.discard(future)

    @property
    def size(self) -> int:
        return self._size

    @property
    def busy(self) -> int:
        """Jobs that were given and have not been answered; those beyond the size wait for a thread."""
        return self._busy

    def give_up(self) -> None:
        """One thread is stuck in a function: another may be started in its stead."""
        self._size += 1

    def take_back(self) -> None:
        self._size -= 1

    def close(self) -> None:
        """Nobody waits any more for functions that did not return."""
        for future in self._pending:
            future.cancel()
        for _ in range(self._count):
            self._jobs.put(None)

    def _grow(self) -> None:
        self._count += 1
        threading.Thread(target=self._work, name=f"tenuto-node-{self._count}", daemon=True).start()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            function, future, loop = job
            outcome: Any = None
            error: BaseException | None = None
            try:
                outcome = function()
            except BaseException as raised:  # noqa: BLE001  a node may raise anything; it is carried to who waits
                error = raised
            try:
                loop.call_soon_threadsafe(_settle, future, outcome, error)
            except RuntimeError:  # the loop is closed: nobody waits any more
                return
            del function, future, loop, outcome, error, job


def _settle(future: "asyncio.Future[Any]", outcome: Any, error: BaseException | None) -> None:
    if future.done():
        return
    future.set_result((outcome, error))


async def _uninterrupted(future: "asyncio.Future[Any]") -> Any:
    cut: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait((future,))
        except asyncio.CancelledError as error:
            cut = error
    outcome, error = future.result()
    if error is not None:
        raise error
    if cut is not None:
        raise cut
    return outcome
