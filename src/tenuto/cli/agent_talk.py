"""A talk with an agent: each message is a run of its own in one session, driven here or by whoever owns the directory."""

import asyncio
import secrets
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Final

from tenuto.cli.agent_house import look
from tenuto.cli.agent_task import start
from tenuto.cli.driving import or_failure
from tenuto.cli.following import Following, Manner
from tenuto.cli.house import House, Place, reaching
from tenuto.cli.inside import blank_of
from tenuto.ports.engine import Outcome, Refused
from tenuto.sdk.agents import Agent
from tenuto.service.agent_efforts import Efforts, efforts_of
from tenuto.service.agent_flows import Order
from tenuto.service.agent_looks import AgentLook, Choice

_WHILE_ASKED: Final = "stopped by who asked"


def new_session() -> str:
    return f"chat-{secrets.token_hex(4)}"


@dataclass(slots=True)
class Turn:
    """A message and what came of it."""

    run: str
    outcome: Outcome
    efforts: Efforts


@dataclass(slots=True)
class Talk:
    """`agent`: None until it is open. Open first, close last."""

    place: Place
    order: Order
    manner: Manner
    agent: Agent | None = None
    spent: Efforts = field(default_factory=Efforts)
    turns: int = 0
    _house: House | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _running: str | None = None
    _stopping: "asyncio.Task[None] | None" = None

    async def open(self) -> None:
        self._house = await self._stack.enter_async_context(reaching(self.place))
        self.agent = (await self._look()).agent
        self.order = replace(self.order, agent=self.agent.name)

    async def close(self) -> None:
        await self._stack.aclose()

    async def choice(self) -> Choice:
        """The models that will be asked."""
        return (await self._look()).choice

    async def _look(self) -> AgentLook:
        assert self._house is not None
        return await look(self._house, self.place.settings.stage, self.order.agent, self.order.model)

    async def say(self, text: str) -> Turn:
        """One message, to the end of its answer."""
        house = self._house
        assert house is not None
        run = self._running = await start(house, self.place, replace(self.order, task=text))
        try:
            return await self._followed(house, run)
        finally:
            self._running = None

    def stop(self) -> None:
        """The answer that is being given, not the talk."""
        if self._running is not None and self._house is not None and self._stopping is None:
            self._stopping = asyncio.ensure_future(self._cancel(self._house, self._running))

    async def _cancel(self, house: House, run: str) -> None:
        try:
            await house.engine.cancel(run, by=self.manner.by, reason=_WHILE_ASKED)
        except Refused:
            pass  # it has just ended
        finally:
            self._stopping = None

    async def _followed(self, house: House, run: str) -> Turn:
        blank = blank_of(house.archive)
        tap = house.taps.pop(run, None)
        following = Following(house.engine, run, await blank(run), blank, self.manner, agent=True, tap=tap)
        outcome = await or_failure(house, following.run())
        efforts = efforts_of(await house.archive.facts(run))
        self.turns += 1
        self.spent.add(efforts)
        return Turn(run, outcome, efforts)


def at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
