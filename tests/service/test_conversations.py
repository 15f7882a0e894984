"""Sessions in the store: messages take turns, and each is added once."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tenuto.core.events import NodeSucceeded
from tenuto.ports.feed import Ask, Tape
from tenuto.ports.journal import RunEntry
from tenuto.ports.session_lines import Place
from tenuto.ports.store import Store
from tenuto.sdk.agents import Message
from tenuto.service.conversations import StoredConversation, StoredConversations
from tenuto.stores.sql import open_store


class Runs:
    """Runs of which a test says how they stand."""

    def __init__(self) -> None:
        self.under_way: set[str] = set()
        self.told: dict[str, asyncio.Event] = {}
        self._tapes: list[Tape] = []

    def begin(self, run: str) -> None:
        self.under_way.add(run)
        self.told[run] = asyncio.Event()

    def end(self, run: str) -> None:
        self.under_way.discard(run)
        for tape in self._tapes:
            tape(entry(run), 1, [NodeSucceeded(0.0, "ask", "done", None)])

    def record(self, tape: Tape) -> Callable[[], None]:
        self._tapes.append(tape)
        return lambda: None

    def asks(self, run: str) -> list[Ask] | None:
        del run
        return []

    async def standing(self, run: str, path: str) -> RunEntry | None:
        del path
        return entry(run) if run in self.under_way else None

    async def signal(self, run: str, name: str, payload: Any) -> None:
        assert (name, payload) == ("ask/session", None)
        self.told[run].set()


def entry(run: str) -> RunEntry:
    return RunEntry(run, f"name-of-{run}", "flow", "hash", "running", float(run.rpartition("-")[2]), None)


def of(store: Store, runs: Runs) -> StoredConversations:
    async def opened() -> Store:
        return store

    sessions = StoredConversations(opened, time.time)
    sessions.turns.attend(runs)
    return sessions


async def spoken(conversation: StoredConversation, runs: Runs, run: str) -> int:
    """Say something when it is its turn; how much was known by then."""
    while await conversation.turn(run, "ask") is not None:
        await asyncio.wait_for(runs.told[run].wait(), 5)
    known = len(await conversation.read())
    pair: list[Message] = [
        {"role": "user", "content": f"question {run}"},
        {"role": "assistant", "content": f"answer {run}"},
    ]
    await conversation.add(run, pair)
    await conversation.add(run, pair)  # a run that goes on after a crash says it again
    runs.end(run)
    return known


async def places(store: Store) -> list[Place]:
    async with store.read() as tx:
        return await tx.session_lines.places()


async def test_messages_take_turns_and_each_adds_its_own_pair_to_the_end(tmp_path: Path) -> None:
    store, runs = await open_store(tmp_path), Runs()
    try:
        sessions = of(store, runs)
        names = [f"run-{number}" for number in range(6)]
        for name in names:
            runs.begin(name)
        known = await asyncio.gather(*(spoken(sessions("default", "chat"), runs, name) for name in names))
        said = [message["content"] for message in await sessions("default", "chat").read()]
    finally:
        await store.close()

    assert sorted(known) == [2 * number for number in range(6)]
    assert [text.replace("answer", "question") for text in map(str, said[1::2])] == said[::2]


async def test_who_waits_is_told_in_the_order_of_runs_whoever_came_first(tmp_path: Path) -> None:
    """One that was cancelled while it waited is passed over; another process finds the line as it was."""
    store, runs, order = await open_store(tmp_path), Runs(), list[str]()
    try:
        sessions = of(store, runs)
        for name in ("run-1", "run-4", "run-3", "run-2"):
            runs.begin(name)
            await sessions("default", "chat").turn(name, "ask")
        runs.under_way.discard("run-2")
        again = of(store, runs)
        ahead = await again("default", "chat").turn("run-4", "ask")
        for name in ("run-1", "run-3", "run-4"):
            runs.end(name)
            following = {"run-1": "run-3", "run-3": "run-4"}.get(name)
            if following is not None:
                await asyncio.wait_for(runs.told[following].wait(), 5)
                assert await sessions("default", "chat").turn(following, "ask") is None
            order.append(name)
        async with asyncio.timeout(5):
            while await places(store):  # noqa: ASYNC110  what is durable tells
                await asyncio.sleep(0.005)
    finally:
        await store.close()

    assert ahead is not None
    assert (ahead.run, ahead.name) == ("run-1", "name-of-run-1")
    assert order == ["run-1", "run-3", "run-4"]
