"""The end of a command that drove runs: a node that will not return must not hold it.

By then the host is closed and all that is known is recorded, so what still runs is only in the way. An `async` node that
swallows its cancellation would keep `asyncio.run` waiting for ever; the process ends without it.
"""

import asyncio
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from tenuto.cli.failures import INTERRUPTED

MOMENT = 1.0  # how long what is left has to end by itself, in seconds


async def with_nothing_left(task: "asyncio.Task[int]", code_of: Callable[[BaseException], int]) -> int:
    """What the command's task answers or raises; the process ends here if others do not end. `code_of`: says an error."""
    await asyncio.wait({task})
    if not await _others_end():
        _end(_code(task, code_of))
    return await task


def _code(task: "asyncio.Task[int]", code_of: Callable[[BaseException], int]) -> int:
    if task.cancelled():
        return INTERRUPTED
    error = task.exception()
    return task.result() if error is None else code_of(error)


async def _others_end() -> bool:
    """Whether whatever else runs on the loop ends when it is told to."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    return not others or not (await asyncio.wait(others, timeout=MOMENT))[1]


def _end(code: int) -> NoReturn:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # whoever read it has left
            stream.flush()
    os._exit(code)
