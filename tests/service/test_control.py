"""The control socket: what another process asks, the owner's engine does."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tenuto.cli.control import OwnerGone, RemoteEngine
from tenuto.core import events
from tenuto.core.flow import Flow
from tenuto.documents import load
from tenuto.ports.engine import Live, Outcome, Refused, StartRequest
from tenuto.ports.journal import StorageFull
from tenuto.sdk.agents import Agent
from tenuto.service.agent_looks import AgentLook, Choice, look_of
from tenuto.service.control import NAME, Desk, listening, live_json, live_of, reachable
from tenuto.testing.agents import FakeEndpoint, FakeHouse
from tenuto.testing.models import ScriptedModel


class Owner:
    """An engine and a journal that remember what they were asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.failure: Exception | None = None

    async def start(self, request: StartRequest) -> str:
        self.asked.append(request)
        return "run-1"

    async def signal(
        self, run: str, name: str, payload: object, *, by: str | None = None, key: str | None = None
    ) -> None:
        if name == "closed":
            raise Refused("answered", "it has been answered", "look at the run")
        self.asked.append((run, name, payload, by, key))

    async def cancel(self, run: str, *, by: str | None = None, reason: str | None = None) -> None:
        if self.failure:
            raise self.failure
        self.asked.append((run, by, reason))

    async def watch(self, run: str, after: int = 0) -> AsyncIterator[Live]:
        yield Live(run, "running", "plan", data={"attempt": 1})
        yield Live(run, "fact", "plan", after + 1, events.NodeSucceeded(1.5, "plan", "done", {"x": "ü"}))
        if run == "endless":
            await asyncio.Event().wait()

    async def outcome(self, run: str, *, until: frozenset[str] = frozenset()) -> Outcome:
        return Outcome(run, "otter", "failed", None, {"type": "x", "until": sorted(until)})

    async def delete(self, run: str) -> bool:
        return run == "run-1"

    async def backup(self, target: Path | str) -> None:
        self.asked.append(target)

    async def resume(self, run: str | None) -> list[dict[str, Any]]:
        return [{"run": run}]


def a_flow() -> Flow:
    flow = load("flow: hello\nnodes: {a: {use: set, with: {value: 1}}}\n").flow
    assert flow is not None
    return flow


def read(content: bytes) -> Flow:
    flow = load(content, format="json").flow
    assert flow is not None
    return flow


@contextlib.asynccontextmanager
async def house(directory: Path) -> AsyncGenerator[tuple[Owner, RemoteEngine]]:
    owner = Owner()
    async with listening(directory, Desk(owner, owner, read, owner.resume)):
        yield owner, RemoteEngine(directory)


def play(scene: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scene, 20))


def test_a_start_arrives_with_its_flow(tmp_path: Path) -> None:
    """The document travels and is read again; everything else arrives as it was."""

    async def scene() -> None:
        request = StartRequest(
            a_flow(), {"x": 1}, name="otter", stage="prod", labels={"file": "/x.yaml"}, origin={"run": "r"}
        )
        async with house(tmp_path) as (owner, remote):
            assert await remote.start(request) == "run-1"
        (arrived,) = owner.asked
        assert arrived.flow.hash == request.flow.hash
        assert arrived.run, "whoever asks must know the run again if no answer comes"
        assert replace(arrived, flow=request.flow, run=None) == request

    play(scene())


def test_every_verb_reaches_the_engine(tmp_path: Path) -> None:
    """With what was said, and its answer back."""

    async def scene() -> None:
        async with house(tmp_path) as (owner, remote):
            await remote.signal("r", "paid", {"amount": 1}, by="ada", key="k")
            await remote.cancel("r", by="ada", reason="enough")
            await remote.backup(tmp_path / "copy.db")
            outcome = await remote.outcome("r", until=frozenset({"waiting"}))
            assert owner.asked == [
                ("r", "paid", {"amount": 1}, "ada", "k"),
                ("r", "ada", "enough"),
                tmp_path / "copy.db",
            ]
            assert outcome == Outcome("r", "otter", "failed", None, {"type": "x", "until": ["waiting"]})
            assert await remote.delete("run-1") is True
            assert await remote.resume(None) == [{"run": None}]
            assert await remote.sources() == {}

    play(scene())


def test_an_agent_arrives_as_the_owner_finds_it(tmp_path: Path) -> None:
    """Whole, with what it will ask."""
    clerk = Agent(name="clerk", prompt="You keep the books.", version="1", model=("a", "b"), tools=("node:debug.echo",))
    models = {name: FakeEndpoint(ScriptedModel([]), f"scripted:{name}") for name in ("a", "b")}
    owner, house = Owner(), FakeHouse([clerk], models=models)

    async def scene() -> None:
        async with listening(tmp_path, Desk(owner, owner, read, owner.resume, agents=house)):
            remote = RemoteEngine(tmp_path)
            known = look_of(await remote.agent("clerk", None, tenant="default", stage="dev"))
            asked = look_of(await remote.agent("clerk", "b", tenant="default", stage="dev"))
            with pytest.raises(Refused, match="nobody") as refused:
                await remote.agent("nobody", None, tenant="default", stage="dev")
        assert known == AgentLook(clerk, Choice(("scripted:a", "scripted:b"), "by the test"))
        assert asked.choice.models == ("scripted:b",)
        assert refused.value.code == "not_found"

    play(scene())


def test_a_refusal_is_one_here_too(tmp_path: Path) -> None:
    """With its code, its sentence and its hint."""

    async def scene() -> None:
        async with house(tmp_path) as (_, remote):
            with pytest.raises(Refused, match="it has been answered") as refused:
                await remote.signal("r", "closed", None)
            assert (refused.value.code, refused.value.hint) == ("answered", "look at the run")

    play(scene())


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (StorageFull("no space is left"), "no space is left"),
        (FileExistsError("it exists already"), "it exists already"),
        (RuntimeError("secret"), "the process that owns the data directory could not do this"),
    ],
)
def test_what_fails_there_is_said_here(tmp_path: Path, failure: Exception, said: str) -> None:
    """At once: an owner that goes silent would be waited for."""

    async def scene() -> None:
        async with house(tmp_path) as (owner, engine):
            owner.failure = failure
            with pytest.raises(Refused) as refused:
                await engine.cancel("run-1")

        assert (refused.value.code, str(refused.value)) == ("storage", said)

    play(scene())


def test_what_happens_is_seen_as_it_happens(tmp_path: Path) -> None:
    """Facts arrive as facts."""

    async def scene() -> None:
        async with house(tmp_path) as (_, remote):
            seen = [live async for live in remote.watch("r", 6)]
        assert [(live.kind, live.path, live.seq) for live in seen] == [("running", "plan", 0), ("fact", "plan", 7)]
        assert seen[1].fact == events.NodeSucceeded(1.5, "plan", "done", {"x": "ü"})

    play(scene())


def test_an_owner_that_ends_is_noticed(tmp_path: Path) -> None:
    """By who watches, and by who asks later."""

    async def scene() -> None:
        async with house(tmp_path) as (_, remote):
            watching = remote.watch("endless")
            assert (await anext(watching)).kind == "running"
            assert (await anext(watching)).kind == "fact"
        with pytest.raises(OwnerGone):
            await anext(watching)
        with pytest.raises(OwnerGone):
            await remote.cancel("r")
        assert not (tmp_path / NAME).exists()

    play(scene())


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"{\n",
        b"[]\n",
        b'{"v": 2, "do": "cancel"}\n',
        b'{"v": 1}\n',
        b'{"v": 1, "do": "cancel"}\n',
        b'{"v": 1, "do": "dance"}\n',
        b"\xff\n",
    ],
)
def test_what_is_no_request_is_answered_with_an_error(tmp_path: Path, line: bytes) -> None:
    """And the owner goes on."""

    async def scene() -> None:
        async with house(tmp_path) as (_, remote):
            with reachable(tmp_path / NAME) as address:
                reader, writer = await asyncio.open_unix_connection(address)
            writer.write(line)
            assert "error" in json.loads(await reader.readline())
            writer.close()
            assert await remote.delete("run-1") is True

    play(scene())


def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    """Whoever owns the directory knows that nobody else listens."""
    (tmp_path / NAME).write_text("left behind")

    async def scene() -> None:
        async with house(tmp_path) as (_, remote):
            assert await remote.delete("run-1") is True

    play(scene())


def test_a_long_path_is_reached_through_a_short_one(tmp_path: Path) -> None:
    """The socket lies in the directory all the same."""
    deep = tmp_path / "/".join(["a-rather-long-name-of-a-directory"] * 6)
    deep.mkdir(parents=True)

    async def scene() -> None:
        async with house(deep) as (_, remote):
            assert (deep / NAME).is_socket()
            assert await remote.delete("run-1") is True

    play(scene())


def test_everything_live_survives_the_wire() -> None:
    """To the last bit of a time."""
    live = Live("r", "fact", "a", 3, events.NodeReused(1795228203.2215543, "a", "run-0", "done", None))

    assert live_of(json.loads(json.dumps(live_json(live)))) == live
