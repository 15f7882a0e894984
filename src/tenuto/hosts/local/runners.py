"""The tasks in which attempts run. One each would be plain, but a task costs as much as a small node: those that return
without waiting for anything share one, and one that waits keeps the task that it began in to itself.

A runner goes through what is due when its turn comes, and has called for the next one before it starts: whoever waits
holds nobody up. What begins meanwhile is the next one's, so that a long row of quick nodes lets the loop breathe.
"""

import asyncio
from contextvars import Context, copy_context
from typing import Protocol

from tenuto.hosts.local.lines import Lines


class Runnable(Protocol):
    """`off`: it was told to stop, and is not to begin, or not to be followed by another in the same task."""

    task: asyncio.Task[None] | None

    @property
    def off(self) -> bool: ...

    async def run(self) -> None: ...


class Runners:
    """One for a host. Every runner begins with the context in which the host was made: nothing of a request, and nothing
    that one node leaves there, reaches another node."""

    def __init__(self) -> None:
        self._due: Lines[Runnable] = Lines()
        self._called = False  # a runner is about to have its turn
        self._context: Context = copy_context()

    def begin(self, attempt: Runnable, tenant: str) -> None:
        self._due.append(attempt, tenant)
        self._call()

    def _call(self) -> None:
        if self._due and not self._called:
            self._called = True
            loop = asyncio.get_running_loop()
            asyncio.Task(
                self._turn(), loop=loop, context=self._context.copy()
            )  # `create_task` takes three times as long

    async def _turn(self) -> None:
        self._called = False
        task = asyncio.current_task()
        try:
            for _ in range(self._due.share()):
                if not self._due:  # whoever was called while one of ours waited has done the rest
                    return
                attempt = self._due.pop()
                if attempt.off:
                    continue
                self._call()
                attempt.task = task
                await attempt.run()
                if attempt.off or self._spoilt(task):
                    return
        finally:
            self._call()

    def _spoilt(self, task: "asyncio.Task[None] | None") -> bool:
        """Whether what ran left something behind that the next one would find: a cancellation, a variable of the context."""
        if asyncio._get_running_loop() is None or task is None or task.cancelling():  # noqa: SLF001  the only way to ask
            return True
        return copy_context() != self._context
