"""Graphs as nodes of runs on a local host: waits over restarts, forks, files of a flow."""

from pathlib import Path
from typing import Any

import pytest

from agents.langgraph import graphs
from hosts.local.harness import LocalHarness, opened
from tenuto.core.flow import Flow
from tenuto.ports.engine import StartRequest
from tenuto.sdk import Registry, library
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.host_conformance import flow_of


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    graphs.RAN.clear()


def flow(name: str, topic: str = "tea") -> Flow:
    node = {"use": "langgraph.graph", "with": {"graph": f"agents.langgraph.graphs:{name}", "input": {"topic": topic}}}
    return flow_of("scene", {"nodes": {"a": node}, "output": "${a}"}, library(Registry()))


def host(journal: MemoryJournal) -> Any:
    return opened(journal, nodes={"langgraph.graph": Registry()["langgraph.graph"]})


async def waits(harness: LocalHarness, run: str) -> Any:
    await harness.outcome(run, until=frozenset({"waiting"}))
    (ask,) = harness.host.asks(run) or []
    return ask


async def test_a_graph_waits_for_its_answer_over_restarts() -> None:
    """SEMANTICS 25: the interrupt is in the inbox by its path, and the answer may come days later."""
    journal = MemoryJournal()
    async with host(journal) as harness:
        run = await harness.host.start(StartRequest(flow("report")))
        ask = await waits(harness, run)
    ran = list(graphs.RAN)

    async with host(journal) as harness:
        async for _ in harness.host.recover():
            pass
        await harness.signal(run, ask.name, {"approved": True})
        outcome = await harness.outcome(run)

    assert (ask.name, ask.kind, ask.ask["question"]) == ("a/interrupt:1", "approval", "Shall it go out?")
    assert outcome.output["text"].startswith("plan of tea, part")
    assert [*ran, "check", "write"] == graphs.RAN


async def test_a_fork_goes_on_from_where_the_run_was_and_with_another_input_anew() -> None:
    """Time travel is the run's own: at a fact in the middle of the node the graph is at that superstep."""
    journal = MemoryJournal()
    async with host(journal) as harness:
        run = await harness.host.start(StartRequest(flow("report")))
        await waits(harness, run)
        facts = await harness.facts(run)
        half = next(seq for seq, fact in facts if getattr(fact, "key", "") == "checkpoint:7")
        graphs.RAN.clear()

        same = await harness.host.start(StartRequest(flow("report"), origin=_fork(run, half, {})))
        await waits(harness, same)
        in_fork = list(graphs.RAN)
        graphs.RAN.clear()
        edits = {"a.input": {"input": {"topic": "coffee"}}}  # of what the node was given: it begins anew
        other = await harness.host.start(StartRequest(flow("report"), origin=_fork(run, half, edits)))
        asked = await waits(harness, other)

    assert 0 < len(in_fork) < 5
    assert graphs.RAN[0] == "plan"
    assert asked.ask["show"][0] == "plan of coffee"


def _fork(run: str, at: int, edits: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "fork", "run": run, "redo": None, "before": at, "edits": edits}


async def test_a_graph_of_the_projects_folder_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what stands beside it."""
    (tmp_path / "tea_words.py").write_text("WORD = 'tea'\n")
    (tmp_path / "tea_graph.py").write_text(
        "from langgraph.graph import START, StateGraph\n"
        "from tea_words import WORD\n"
        "drawing = StateGraph(dict)\n"
        "drawing.add_node('brew', lambda state: {'word': WORD})\n"
        "drawing.add_edge(START, 'brew')\n"
        "graph = drawing.compile()\n"
    )
    monkeypatch.chdir(tmp_path)
    node = {"use": "langgraph.graph", "with": {"graph": "tea_graph:graph", "input": {"word": ""}}}
    drawn = flow_of("scene", {"nodes": {"a": node}, "output": "${a.word}"}, library(Registry()))

    async with host(MemoryJournal()) as harness:
        outcome = await harness.outcome(await harness.host.start(StartRequest(drawn)))

    assert (outcome.output, outcome.error) == ("tea", None)
