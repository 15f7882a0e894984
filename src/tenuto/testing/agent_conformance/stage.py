"""Where the agents of the suite play: alone with a fake context, or in a run on a local host that is stopped and opened again."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from tenuto.core.events import Fact, StepRecorded
from tenuto.hosts.local.host import LocalHost
from tenuto.hosts.local.opening import make_host
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Live, Outcome, StartRequest
from tenuto.ports.flows import NoSuchFlow
from tenuto.sdk import Registry, library
from tenuto.sdk.agents import Agent, Answer, Ask, Result, Runtime, Tool, Work
from tenuto.sdk.agents.model import Tell
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.agents import FakeEndpoint, FakeHouse
from tenuto.testing.context import FakeContext
from tenuto.testing.host_conformance import flow_of
from tenuto.testing.models import Said, ScriptedModel

PATIENCE = 10.0
_QUICK = Options(grace=0.5, shutdown=0.03, storage_retry=0.02)
_WAITING = frozenset({"waiting"})


class Playing(ABC):
    """What the tests of the suite ask of the class that they end up in."""

    @abstractmethod
    def make_runtime(self) -> Runtime:
        """Your runtime."""


Suite = TypeVar("Suite", bound=Playing)


def played(test: Callable[[Suite], Awaitable[None]]) -> Callable[[Suite], None]:
    """Run an asynchronous test."""

    def run(self: Suite) -> None:
        async def act() -> None:
            await test(self)

        asyncio.run(act())

    run.__name__, run.__doc__ = test.__name__, test.__doc__  # `wraps` would show pytest the wrong arguments
    return run


class Told:
    """A scripted model that remembers what it answered; `stopped`: it answers nothing any more, as if its process were gone."""

    def __init__(
        self, answers: Sequence[Said] | Mapping[str, Any], *, before: Callable[[Ask], Any] | None = None
    ) -> None:
        self._model = ScriptedModel(answers, before=before)
        self.stopped = False
        self.answered: list[str] = []  # the keys

    @property
    def asked(self) -> list[Ask]:
        return self._model.asked

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        if self.stopped:
            await asyncio.sleep(PATIENCE)
        answer = await self._model.answer(ask, tell, key=key)
        self.answered.append(key)
        return answer


def said(ask: Ask, place: int = -1) -> str:
    """The text of one message of a question, however its parts are kept."""
    content: Any = ask["messages"][place]["content"]
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in cast("list[dict[str, Any]]", content))


MAIN = Agent(name="main", prompt="You are kind.", version="1")


async def play(
    runtime: Runtime,
    answers: Sequence[Said] | Told,
    *tools: Tool,
    agent: Agent | None = None,
    context: FakeContext | None = None,
) -> tuple[Result, Told, FakeContext]:
    """One agent with these tools, alone."""
    model = answers if isinstance(answers, Told) else Told(answers)
    who = agent or Agent(name="main", prompt="You are kind.", version="1", tools=tuple(tool.name for tool in tools))
    house = FakeHouse(
        [who], models={"inherit": FakeEndpoint(model, usd=1.0)}, tools=tools, runtimes={who.runtime: runtime}
    )
    ctx = context or FakeContext(agents=house)
    result = await runtime.run(Work(agent=who, task="Go on."), ctx)
    return result, model, ctx


class _NoFlows:
    async def find(self, name: str, *_: object, **__: object) -> Any:
        raise NoSuchFlow(f"there is no flow `{name}`")


@dataclass
class Stage:
    """A journal, opened as often as a test likes: each time is a new process."""

    house: FakeHouse
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    registry: Registry = field(default_factory=Registry)

    @classmethod
    def of(
        cls, runtime: Runtime, model: Told, *tools: Tool, agents: Sequence[Agent] = (MAIN,), **models: Told
    ) -> "Stage":
        """`models`: by name, those of other agents than the main one."""
        known = {name: FakeEndpoint(each) for name, each in models.items()}
        house = FakeHouse(
            agents,
            models={"inherit": FakeEndpoint(model, usd=1.0), **known},
            tools=tools,
            runtimes={"native": runtime},
        )
        return cls(house)

    def flow(self, agent: str = "main", task: str = "Go on.", **given: Any) -> Any:
        node = {"use": "agent", "with": {"agent": agent, "task": task, **given}}
        return flow_of("scene", {"nodes": {"ask": node}, "output": "${ask}"}, library(self.registry))

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Opened"]:
        host = make_host(
            self.journal,
            self.journal,
            self.registry,
            _NoFlows(),
            files_key=b"k" * 32,
            agents=self.house,
            options=_QUICK,
        )
        async for _ in host.recover():
            pass
        try:
            yield Opened(self, host)
        finally:
            await host.close()


@dataclass
class Opened:
    """A host that owns the journal for now. Runs have one node, `ask`."""

    stage: Stage
    host: LocalHost
    lives: list[Live] = field(default_factory=list[Live])

    async def start(self, **given: Any) -> str:
        return await self.host.start(StartRequest(self.stage.flow(**given)))

    async def ended(self, run: str) -> Outcome:
        return await asyncio.wait_for(self.host.outcome(run), PATIENCE)

    async def output(self, run: str) -> dict[str, Any]:
        """Of a run that succeeds."""
        outcome = await self.ended(run)
        assert outcome.status == "succeeded", outcome.error
        return cast("dict[str, Any]", outcome.output)

    async def asked(self, run: str) -> Mapping[str, Any]:
        """The one thing that the run asks, as soon as it waits."""
        (asked,) = (await self.all_asked(run)).items()
        return {"name": asked[0], **asked[1]}

    async def all_asked(self, run: str) -> dict[str, Mapping[str, Any]]:
        """What the run asks, by the names under which it is answered, as soon as it waits."""
        await asyncio.wait_for(self.host.outcome(run, until=_WAITING), PATIENCE)
        return {ask.name: ask.ask for ask in self.host.asks(run) or []}

    async def answer(self, run: str, name: str, payload: Any) -> None:
        await self.host.signal(run, name, payload, by="anna")

    async def facts(self, run: str) -> Sequence[tuple[int, Fact]]:
        return await self.host.history.facts(run)

    async def steps(self, run: str) -> list[str]:
        return [fact.key for _, fact in await self.facts(run) if isinstance(fact, StepRecorded)]

    def at_step(self, number: int, then: Callable[[], None]) -> "asyncio.Event":
        """Set when so many steps are recorded; `then` is called at that very moment."""
        reached, seen = asyncio.Event(), 0

        def look(_: object, __: int, facts: Sequence[Fact]) -> None:
            nonlocal seen
            seen += sum(isinstance(fact, StepRecorded) for fact in facts)
            if seen >= number and not reached.is_set():
                then()
                reached.set()

        self.host.record(look)
        return reached
