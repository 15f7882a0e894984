"""Where `durable` models and tools find the run that they are part of, wherever in a graph they are called."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from langgraph.config import get_config

from tenuto.sdk import Context, NodeError

_SHOWN: Final = 8  # characters of a task's id that a key carries


@dataclass(slots=True)
class Seat:
    """One attempt of a node. `replayed`: ids of messages that the journal answered, which nobody is shown again as they come."""

    ctx: Context
    loop: asyncio.AbstractEventLoop
    replayed: set[str] = field(default_factory=set[str])
    askers: dict[str, Any] = field(default_factory=dict[str, Any])  # of our own models, by the place that asks
    _counts: Counter[str] = field(default_factory=Counter[str])

    def key(self, kind: str) -> str:
        """`draft:1f0c2a9b/model:2`: the second call in that task of the graph. Task ids are the same when it runs again."""
        place = self.place
        stem = f"{place}/{kind}" if place else kind
        self._counts[stem] += 1
        return f"{stem}:{self._counts[stem]}"

    @property
    def place(self) -> str:
        """The task of the graph in which this is called: `outer:1f0c2a9b/inner:77e1d0c2`."""
        try:
            where = get_config().get("configurable", {})
        except RuntimeError:
            return ""
        parts = [part.partition(":") for part in str(where.get("checkpoint_ns", "")).split("|") if part]
        return "/".join(f"{name}:{task[:_SHOWN]}" for name, _, task in parts)

    async def step(
        self,
        kind: str,
        call: Callable[[], Awaitable[Any]],
        *about: str,
        effects: Literal["idempotent", "once"] = "idempotent",
    ) -> tuple[Any, bool]:
        """What was recorded, and whether it was recorded before. `about`: what a record must have been asked with."""
        made = False

        async def make(*_: str) -> Any:
            nonlocal made
            made = True
            return await call()

        return await self.ctx.step(self.key(kind), make, *about, effects=effects), not made

    def wait_for(self, awaitable: Awaitable[Any]) -> Any:
        """From a thread of a plain `def`."""
        if _loop() is self.loop:
            cast("Any", awaitable).close()
            message = "a durable model or tool was called by `invoke` inside an `async def`; await `ainvoke` there"
            raise NodeError(message, type="graph", retry=False)
        return asyncio.run_coroutine_threadsafe(_awaited(awaitable), self.loop).result()


SEAT: ContextVar[Seat | None] = ContextVar("tenuto_langgraph_seat", default=None)


def _loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
