"""What agents ask stands in the inbox, however deep they are, and is answered there once."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from hosts.local.harness import opened
from tenuto.agents.native import make_runtime
from tenuto.documents import load
from tenuto.ports.engine import Refused, StartRequest
from tenuto.sdk import Registry, library
from tenuto.sdk.agents import Agent
from tenuto.service import runs
from tenuto.service.archive import Archive
from tenuto.service.inbox import Inbox, Wanted, waiting_json
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.agents import FakeEndpoint, FakeHouse
from tenuto.testing.host_conformance import flow_of
from tenuto.testing.models import ScriptedModel

REGISTRY = Registry()
AGENT = {"agent": REGISTRY["agent"]}
QUESTION = {"calls": [{"tool": "ask_person", "arguments": {"question": "Which colour?"}}]}
CALL = {"calls": [{"tool": "agent:helper", "arguments": {"task": "ask"}}]}
AGENTS = [
    Agent(name="asker", prompt="p", version="1", tools=("ask_person",), model=("asker",)),
    Agent(name="helper", prompt="p", version="1", tools=("ask_person",), model=("asker",)),
    Agent(name="caller", prompt="p", version="1", tools=("agent:helper",), model=("caller",)),
]
MAP = {
    "nodes": {
        "each": {
            "use": "map",
            "over": "${['a', 'b']}",
            "nodes": {"ask": {"use": "agent", "with": {"agent": "asker", "task": "${item}"}}},
            "output": "${ask.text}",
        }
    },
    "output": "${each}",
}
NESTED: dict[str, Any] = {
    "nodes": {"ask": {"use": "agent", "with": {"agent": "caller", "task": "go"}}},
    "output": "${ask.text}",
}
PARENT = {"nodes": {"sub": {"use": "call", "with": {"flow": "child"}}}, "output": "${sub}"}


def house() -> FakeHouse:
    asker = ScriptedModel({"rules": [{"when": {"turn": 0}, **QUESTION}, {"text": "Thank you."}]})
    caller = ScriptedModel({"rules": [{"when": {"turn": 0}, **CALL}, {"text": "It was answered."}]})
    models = {"asker": FakeEndpoint(asker), "caller": FakeEndpoint(caller)}
    return FakeHouse(AGENTS, models=models, runtimes={"native": make_runtime()})


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():  # noqa: ASYNC110  what is listed follows what is told, a moment later
            await asyncio.sleep(0.01)


def listed(inbox: Inbox) -> list[str]:
    return [each.ask.name for each in inbox.page(Wanted("default"))[0]]


@pytest.mark.parametrize(
    ("document", "names"),
    [
        (MAP, ["each[0].ask/tool:1", "each[1].ask/tool:1"]),
        (NESTED, ["ask/call:1/tool:1"]),
    ],
    ids=["in a map", "by a helper"],
)
async def test_a_question_is_listed_and_answered_where_it_is_asked(document: dict[str, Any], names: list[str]) -> None:
    """SEMANTICS 25: a second answer is refused, and so is one to what is not asked."""
    journal = MemoryJournal()
    archive = Archive(journal, journal, lambda content: load(content, format="json").flow)
    async with opened(journal, nodes=AGENT, agents=house()) as harness:
        inbox = Inbox(harness.host)
        run = await harness.host.start(StartRequest(flow_of("asks", document, library(REGISTRY))))
        await until(lambda: listed(inbox) == names)
        shown = waiting_json(inbox.page(Wanted("default"))[0][0])
        for name in names:
            await runs.answer(archive, harness.host, run, name, {"approved": True, "comment": "red"}, by="anna")
        outcome = await asyncio.wait_for(harness.outcome(run), 5)
        left = listed(inbox)

    assert (shown["path"], shown["question"]) == (names[0], "Which colour?")
    assert shown["ask"] == {"kind": "question"}
    assert outcome.status == "succeeded"
    assert left == []


async def test_a_second_answer_and_one_too_early_are_refused() -> None:
    journal = MemoryJournal()
    archive = Archive(journal, journal, lambda content: load(content, format="json").flow)
    flow = flow_of(
        "asks", {"nodes": {**NESTED["nodes"], "more": {"use": "wait", "with": {"for": "1h"}}}}, library(REGISTRY)
    )
    async with opened(journal, nodes=AGENT, agents=house()) as harness:
        run = await harness.host.start(StartRequest(flow))
        inbox = Inbox(harness.host)
        await until(lambda: listed(inbox) == ["ask/call:1/tool:1"])

        async def answer(name: str) -> str:
            try:
                await runs.answer(archive, harness.host, run, name, {"approved": True, "comment": "red"})
            except Refused as refused:
                return refused.code
            return "taken"

        told = [
            await answer(name) for name in ("ask/call:1/tool:2", "ask/call:1/tool:1", "ask/call:1/tool:1", "nothing")
        ]

    assert told == ["conflict", "taken", "answered", "not_found"]


async def test_what_an_agent_asks_in_a_called_flow_is_answered_through_the_caller() -> None:
    """By its path from there."""
    journal = MemoryJournal()
    archive = Archive(journal, journal, lambda content: load(content, format="json").flow)
    async with opened(journal, nodes=AGENT, agents=house()) as harness:
        harness.flows.flows["child"] = flow_of("child", NESTED, library(REGISTRY))
        run = await harness.host.start(StartRequest(flow_of("parent", PARENT, library(REGISTRY))))
        inbox = Inbox(harness.host)
        await until(lambda: listed(inbox) == ["ask/call:1/tool:1"])
        await runs.answer(archive, harness.host, run, "sub/ask/call:1/tool:1", {"approved": True, "comment": "red"})
        outcome = await asyncio.wait_for(harness.outcome(run), 5)

    assert outcome.output == "It was answered."
