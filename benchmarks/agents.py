"""Agents on the native runtime: the ten-turn tool loop beside LangGraph's, two hundred at once, the first token. Prints one JSON line.

The model answers in process, at once, so that what is measured is ours: the loop, the tool's call, and one durable commit a
step on a fresh SQLite journal. The peer does the same work on its own saver, `durability="sync"`, in its turn in the same go.

Bars: LangGraph's loop takes at least 3 times as long; a turn costs at most 2 ms; each step is one commit; of two hundred
agents that stream at once none is starved; the first token comes at most 10 ms later than from the bare client.
"""

import argparse
import asyncio
import functools
import itertools
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import apsw
from measure import fresh_folder

from tenuto.agents.native import make_runtime
from tenuto.bootstrap import Opened, open_engine
from tenuto.core.flow import Flow
from tenuto.documents import load
from tenuto.ports.engine import Live, StartRequest
from tenuto.ports.journal import Write
from tenuto.sdk import Registry, library
from tenuto.sdk.agents import Agent, Answer, Ask
from tenuto.sdk.agents.model import Tell
from tenuto.settings import Settings
from tenuto.testing.agent_conformance import Stage
from tenuto.testing.agents import FakeEndpoint, FakeHouse, FakeTool

TURNS = 10
ADD = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
PIECES, PAUSE = 20, 0.05  # of a streamed answer


class Looping:
    """Asks for the tool nine times, then answers."""

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        del key
        turn = sum(message["role"] == "assistant" for message in ask["messages"])
        usage: Any = {"input_tokens": 100, "output_tokens": 10, "tokens": 110}
        if turn < TURNS - 1:
            calls: Any = [{"id": f"call-{turn}", "name": "add", "arguments": {"a": turn}}]
            return {"text": "", "tool_calls": calls, "usage": usage, "model": "scripted:loop", "stop": "tools"}
        tell("done")
        return {"text": "done", "tool_calls": [], "usage": usage, "model": "scripted:loop", "stop": "end"}


class Streaming:
    """A text in pieces, one every so often."""

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        del ask, key
        for _ in range(PIECES):
            await asyncio.sleep(PAUSE)
            tell("word ")
        return {
            "text": "word " * PIECES,
            "tool_calls": [],
            "usage": {"tokens": 20},
            "model": "scripted:s",
            "stop": "end",
        }


AGENTS = [
    Agent(name="looping", prompt="You add.", version="1", tools=("add",), model=("looping",)),
    Agent(name="streaming", prompt="You talk.", version="1", model=("streaming",)),
    Agent(name="wired", prompt="You talk.", version="1", model=("wired",)),
]


def add_one(a: int) -> int:
    return a + 1


def house(**more: Any) -> FakeHouse:
    return FakeHouse(
        AGENTS,
        models={"looping": FakeEndpoint(Looping()), "streaming": FakeEndpoint(Streaming()), **more},
        tools=[FakeTool("add", add_one, parameters=ADD)],
        runtimes={"native": make_runtime()},
    )


@functools.cache
def flow(agent: str) -> Flow:
    nodes = {"ask": {"use": "agent", "with": {"agent": agent, "task": "Go on."}}}
    loaded = load(json.dumps({"flow": "bench", "nodes": nodes, "output": "${ask.text}"}), library=library(Registry()))
    if loaded.flow is None:
        raise SystemExit(f"the benchmark's flow is wrong: {loaded.problems}")
    return loaded.flow


async def play(opened: Opened, agent: str) -> None:
    run = await opened.engine.start(StartRequest(flow(agent)))
    outcome = await opened.engine.outcome(run)
    if outcome.status != "succeeded":
        raise SystemExit(f"a run {outcome.status}: {outcome.error}")


class Counted:
    """Counts the commits that a journal is asked for."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.writes = 0

    def append(self, write: Write, *, alone: bool = False) -> None:
        self.writes += 1
        self._inner.append(write, alone=alone)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


async def loops(runs: int) -> dict[str, Any]:
    """Milliseconds of a run, one at a time, and how many commits each of its steps took."""
    with fresh_folder() as folder:
        async with open_engine(Settings(data=Path(folder)), Registry(), agents=house()) as opened:
            journal = opened.engine.services.journal = Counted(opened.journal)  # type: ignore[assignment]  it counts
            await play(opened, "looping")
            journal.writes = 0
            began = time.process_time()
            took = [await timed(lambda: play(opened, "looping")) for _ in range(runs)]
            worked = time.process_time() - began
    steps = 1 + TURNS + TURNS - 1  # who it is, the questions, the calls
    turns = runs * TURNS
    return {
        "ms": 1000 * statistics.median(took),
        "cpu_ms": 1000 * worked / turns,
        "commits_a_step": (journal.writes / runs - 2) / steps,
    }


async def in_memory(runs: int) -> float:
    """Milliseconds of the processor for a turn whose journal is in memory: all that a turn costs but the disk."""
    async with Stage(house()).opened() as opened:
        host = opened.host
        began = 0.0
        for turn in range(runs + 5):
            if turn == 5:  # what is done for the first time is done
                began = time.process_time()
            await host.outcome(await host.start(StartRequest(flow("looping"))))
        return 1000 * (time.process_time() - began) / runs / TURNS


def bare_commits(count: int) -> float:
    """Milliseconds of a commit on the same disk: what no durable step can do without."""
    with fresh_folder() as folder:
        database: Any = apsw.Connection(str(Path(folder, "bare.db")))
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
        database.execute("create table facts(seq integer primary key, body blob)")
        took: list[float] = []
        for _ in range(count):
            began = time.perf_counter()
            database.execute("insert into facts(body) values (zeroblob(300))")
            took.append(time.perf_counter() - began)
        return 1000 * statistics.median(took)


async def crowd(count: int) -> dict[str, Any]:
    """So many agents stream at once: how long each took over one that streams alone, and the longest silence of any."""
    with fresh_folder() as folder:
        async with open_engine(Settings(data=Path(folder)), Registry(), agents=house()) as opened:
            alone = await timed(lambda: play(opened, "streaming"))
            heard: dict[str, list[float]] = {}

            def hear(live: Live) -> None:
                if live.kind == "delta":
                    heard.setdefault(live.run, []).append(time.perf_counter())

            async def one() -> float:
                began = time.perf_counter()
                run = await opened.engine.start(StartRequest(flow("streaming")))
                leave = opened.engine.listen(run, hear)
                await opened.engine.outcome(run)
                leave()
                return time.perf_counter() - began

            took = await asyncio.gather(*(one() for _ in range(count)))
    silence = max(after - before for said in heard.values() for before, after in itertools.pairwise(said))
    heard_all = all(len(said) >= PIECES - 1 for said in heard.values()) and len(heard) == count
    return {
        "crowd": count,
        "crowd_alone_s": round(alone, 2),
        "crowd_slowest_s": round(max(took), 2),
        "crowd_slowest_over_fastest": round(max(took) / min(took), 2),
        "crowd_longest_silence_ms": round(1000 * silence),
        "crowd_all_heard": heard_all,
    }


async def first_token(rounds: int) -> dict[str, Any]:
    """From the word to go to the first piece of text, through a run and from the client alone, of the same server."""
    from openai import AsyncOpenAI

    from tenuto.bootstrap.models import make_models
    from tenuto.sdk.http.addresses import parse_networks
    from tenuto.testing.wire import WireServer

    async with WireServer({"rules": [{"text": "These are some words that come in pieces."}]}) as wire:
        client = AsyncOpenAI(base_url=wire.openai, api_key="none")
        with fresh_folder() as folder:
            settings = Settings(data=Path(folder), http_allow=parse_networks("127.0.0.1/32"))
            models = make_models(settings)
            endpoints = await models.endpoints([f"openai:gpt-test@{wire.openai}"], tenant="default", stage="dev")
            async with open_engine(settings, Registry(), agents=house(wired=endpoints)) as opened:
                bare: list[float] = []
                ours: list[float] = []
                for turn in range(rounds + 3):
                    for kept, ask in ((bare, lambda: _bare_token(client)), (ours, lambda: _our_token(opened))):
                        took = await ask()
                        if turn >= 3:
                            kept.append(took)
            await models.aclose()
        await client.close()
    told = {"bare": statistics.median(bare), "ours": statistics.median(ours)}
    return {
        "first_token_bare_ms": round(1000 * told["bare"], 1),
        "first_token_ms": round(1000 * told["ours"], 1),
        "first_token_added_ms": round(1000 * (told["ours"] - told["bare"]), 1),
        "first_token_added_at_best_ms": round(1000 * (min(ours) - min(bare)), 1),
    }


async def _bare_token(client: Any) -> float:
    began = time.perf_counter()
    messages = [{"role": "system", "content": "You talk."}, {"role": "user", "content": "Go on."}]
    stream = await client.chat.completions.create(model="gpt-test", messages=messages, stream=True)
    took = 0.0
    async for chunk in stream:
        if not took and chunk.choices and chunk.choices[0].delta.content:
            took = time.perf_counter() - began
    return took


async def _our_token(opened: Opened) -> float:
    heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    began = time.perf_counter()

    def hear(live: Live) -> None:
        if live.kind == "delta" and not heard.done():
            heard.set_result(time.perf_counter() - began)

    run = await opened.engine.start(StartRequest(flow("wired")))
    leave = opened.engine.listen(run, hear)
    took = await asyncio.wait_for(heard, 10)
    await opened.engine.outcome(run)
    leave()
    return took


async def timed(work: Callable[[], Awaitable[None]]) -> float:
    began = time.perf_counter()
    await work()
    return time.perf_counter() - began


def langgraph(runs: int) -> float:
    script = Path(__file__).parent / "peers" / "langgraph_agent.py"
    done = subprocess.run([sys.executable, str(script), str(runs)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return float(json.loads(done.stdout.splitlines()[-1])["ms"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Time agents.")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--crowd", type=int, default=200)
    parser.add_argument("--no-peer", action="store_true", help="leave LangGraph out")
    options = parser.parse_args()
    rounds: list[dict[str, float]] = []
    for _ in range(3):
        ours = asyncio.run(loops(options.runs))
        bare = bare_commits(300)
        peer = 0.0 if options.no_peer else langgraph(max(5, options.runs // 4))
        memory = asyncio.run(in_memory(options.runs))
        rounds.append({**ours, "commit": bare, "peer": peer, "memory": memory})
    middle = {name: statistics.median(each[name] for each in rounds) for name in rounds[0]}
    a_turn = middle["ms"] / TURNS
    said = {
        "loop_ms": round(middle["ms"], 2),
        "langgraph_ms": round(middle["peer"], 2),
        "ratio": round(middle["peer"] / middle["ms"], 2),
        "turn_ms": round(a_turn, 2),
        "turn_cpu_ms": round(middle["cpu_ms"], 2),
        "turn_cpu_without_disk_ms": round(middle["memory"], 2),
        "bare_commit_ms": round(middle["commit"], 2),
        "commits_a_step": round(middle["commits_a_step"], 2),
    }
    said |= asyncio.run(crowd(options.crowd)) | asyncio.run(first_token(max(5, options.runs // 2)))
    bars = {"ratio": 3, "turn_ms": 2, "commits_a_step": 1, "first_token_added_ms": 10}
    print(json.dumps({"measure": "agents", **said, "bars": bars}))


if __name__ == "__main__":
    main()
