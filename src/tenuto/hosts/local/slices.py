"""Commands that are carried out a slice at a time, so that thousands of one run let others have their turn of the loop."""

import asyncio
from collections.abc import Callable, Sequence

from tenuto.core.commands import Command

SLICE = 500  # commands, or facts of a decision; some milliseconds


class Slices:
    """`carry_out`: does those of them that are still due."""

    __slots__ = ("_carry_out", "_left")

    def __init__(self, carry_out: Callable[[Sequence[Command]], None]) -> None:
        self._carry_out = carry_out
        self._left: list[Command] = []  # an empty deque weighs 760 bytes, and each run in memory has one of these

    def __bool__(self) -> bool:
        return bool(self._left)

    def add(self, commands: Sequence[Command]) -> None:
        """At once if they are few and none wait."""
        if not self._left and len(commands) <= SLICE:
            self._carry_out(commands)
            return
        if not self._left:
            self._call()
        self._left += commands

    def clear(self) -> None:
        self._left.clear()

    def _call(self) -> None:
        asyncio.get_running_loop().call_soon(self._next)

    def _next(self) -> None:
        some, self._left = self._left[:SLICE], self._left[SLICE:]
        if self._left:
            self._call()
        self._carry_out(some)
