"""An agent at work: what it is held to, and what it shares with the agents above and below it in the same node."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tenuto.sdk.agents.agent import Agent
from tenuto.sdk.agents.budget import Ledger
from tenuto.sdk.agents.taint import Taint
from tenuto.sdk.agents.tool import covers
from tenuto.sdk.context import Context
from tenuto.sdk.errors import InDoubt


class Once:
    """Calls that must not be repeated are made one after the other, and none after one of which nobody knows what came of it."""

    def __init__(self) -> None:
        self._free = asyncio.Lock()
        self._doubt: InDoubt | None = None

    async def make(self, call: Callable[[], Awaitable[Any]]) -> Any:
        async with self._free:
            if self._doubt is not None:
                raise self._doubt
            try:
                return await call()
            except InDoubt as doubt:
                self._doubt = doubt
                raise


@dataclass(slots=True)
class Standing:
    """`once`: of all agents of the node together."""

    agent: Agent
    ctx: Context
    ledger: Ledger
    above: "Standing | None" = None
    taint: Taint = field(default_factory=Taint)
    once: Once = field(default_factory=Once)

    @classmethod
    def of(cls, agent: Agent, ctx: Context, above: "Standing | None" = None) -> "Standing":
        ledger = Ledger(
            agent.name, ctx, agent.budget, turns=agent.max_turns, above=None if above is None else above.ledger
        )
        if above is None:
            return cls(agent, ctx, ledger)
        return cls(agent, ctx, ledger, above, above.taint, above.once)

    @property
    def line(self) -> tuple[str, ...]:
        """Who called whom: the first one first, this one last."""
        return (self.agent.name,) if self.above is None else (*self.above.line, self.agent.name)

    def approver_of(self, tool: str) -> str | None:
        """The agent whose file says that a person approves this tool: its own, or one that called it."""
        if any(covers(written, tool) for written in self.agent.approve):
            return self.agent.name
        return None if self.above is None else self.above.approver_of(tool)
