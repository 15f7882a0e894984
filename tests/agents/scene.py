"""Agents on a local host: a flow of one `agent` node, scripted models, tools that are functions."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from tenuto.core.events import Fact
from tenuto.hosts.local.host import LocalHost
from tenuto.hosts.local.opening import make_host
from tenuto.hosts.local.options import Options
from tenuto.ports.engine import Outcome, StartRequest
from tenuto.sdk import Registry, library
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.agents import FakeHouse
from tenuto.testing.host_conformance import flow_of

QUICK = Options(grace=0.5, shutdown=0.2, storage_retry=0.02)
WAITING = frozenset({"waiting"})


class NoFlows:
    async def find(self, name: str, version: str | None, **_: Any) -> Any:
        raise KeyError(name)


@dataclass
class Scene:
    """Opened as often as a test likes: each time is a new process over the same journal."""

    house: FakeHouse
    journal: MemoryJournal = field(default_factory=MemoryJournal)
    registry: Registry = field(default_factory=Registry)

    def flow(self, agent: str = "main", task: str = "go", **given: Any) -> Any:
        node = {"use": "agent", "with": {"agent": agent, "task": task, **given}}
        return flow_of("scene", {"nodes": {"ask": node}, "output": "${ask}"}, library(self.registry))

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator["Opened"]:
        host = make_host(
            self.journal, self.journal, self.registry, NoFlows(), files_key=b"k" * 32, agents=self.house, options=QUICK
        )
        async for _ in host.recover():
            pass
        try:
            yield Opened(self, host)
        finally:
            await host.close()

    async def play(self, **given: Any) -> Outcome:
        async with self.opened() as opened:
            return await opened.ended(await opened.start(**given))


@dataclass
class Opened:
    scene: Scene
    host: LocalHost

    async def start(self, **given: Any) -> str:
        return await self.host.start(StartRequest(self.scene.flow(**given)))

    async def ended(self, run: str) -> Outcome:
        return await asyncio.wait_for(self.host.outcome(run), 5)

    async def output(self, run: str) -> dict[str, Any]:
        """Of a run that succeeds."""
        outcome = await self.ended(run)
        assert outcome.status == "succeeded", outcome.error
        return cast("dict[str, Any]", outcome.output)

    async def asked(self, run: str) -> Mapping[str, Any]:
        """What the run asks, as soon as it waits."""
        await asyncio.wait_for(self.host.outcome(run, until=WAITING), 5)
        asks = self.host.asks(run) or []
        assert len(asks) == 1
        return {"name": asks[0].name, **asks[0].ask}

    async def answer(self, run: str, name: str, payload: Any) -> None:
        await self.host.signal(run, name, payload, by="anna")

    async def facts(self, run: str) -> Sequence[tuple[int, Fact]]:
        return await self.host.history.facts(run)
