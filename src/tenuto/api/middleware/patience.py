"""Which requests have waited too long for the beginning of their answer. One look at all of them, now and then, costs less
than a timer for each.
"""

import asyncio
from typing import Any

Task = asyncio.Task[Any]


class Patience:
    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._pause = min(seconds / 4, 1.0)
        self._waiting: dict[Task, float] = {}  # since when no answer has begun
        self._cut: set[Task] = set()
        self._looks = False

    def wait(self, task: Task) -> None:
        loop = asyncio.get_running_loop()
        self._waiting[task] = loop.time()
        if not self._looks:
            self._looks = True
            loop.call_later(self._pause, self._look, loop)

    def answered(self, task: Task | None) -> None:
        if task is not None:
            self._waiting.pop(task, None)

    def was_cut(self, task: Task) -> bool:
        """Whether it is for want of time that it is cancelled, and for nothing else."""
        return task in self._cut and not task.uncancel()

    def over(self, task: Task) -> None:
        self._waiting.pop(task, None)
        self._cut.discard(task)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        oldest = loop.time() - self.seconds
        for task in [task for task, since in self._waiting.items() if since <= oldest]:
            del self._waiting[task]
            self._cut.add(task)
            task.cancel()
        self._looks = bool(self._waiting)
        if self._looks:
            loop.call_later(self._pause, self._look, loop)
