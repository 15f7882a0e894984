"""A talk with an agent: each message is a run of its own in one session, driven here or by whoever owns the directory."""

import asyncio
import secrets
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from typing import Final

from tenuto.cli.agent_house import TENANT, Choice, choice_of
from tenuto.cli.agent_task import agent_in, start
from tenuto.cli.driving import or_failure
from tenuto.cli.following import Following, Manner
from tenuto.cli.house import House, Place, reaching
from tenuto.cli.inside import blank_of
from tenuto.ports.engine import Outcome, Refused
from tenuto.sdk.agents import Agent, Agents
from tenuto.service.agent_efforts import Efforts, agent_at_work, efforts_of
from tenuto.service.agent_flows import Order

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
    """`agent`: None until it has spoken, where another process owns the directory and finds it. Open first, close last."""

    place: Place
    order: Order
    manner: Manner
    agent: Agent | None = None
    spent: Efforts = field(default_factory=Efforts)
    turns: int = 0
    _house: House | None = None
    _rooms: Agents | None = None
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _running: str | None = None
    _stopping: "asyncio.Task[None] | None" = None

    async def open(self) -> None:
        house = self._house = await self._stack.enter_async_context(reaching(self.place))
        if house.agents is not None:
            self._rooms = house.agents.of(TENANT, self.place.settings.stage)
            self.agent = await agent_in(self._rooms, self.order.agent)
            self.order = replace(self.order, agent=self.agent.name)

    async def close(self) -> None:
        await self._stack.aclose()

    async def choice(self) -> Choice | None:
        """The models that will be asked; None where the owner of the directory chooses."""
        if self._rooms is None or self.agent is None:
            return None
        return await choice_of(self._rooms, (self.order.model,) if self.order.model else self.agent.model)

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
        facts = await house.archive.facts(run)
        efforts = efforts_of(facts)
        self.agent = self.agent or agent_at_work(facts)
        self.turns += 1
        self.spent.add(efforts)
        return Turn(run, outcome, efforts)


def at_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()
