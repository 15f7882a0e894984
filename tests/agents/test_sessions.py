"""Sessions: what was said before is known, one message at a time, each added once."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tenuto.agents.native import make_runtime
from tenuto.sdk.agents import conversation as sessions
from tenuto.testing.agent_conformance import Stage, Told, said
from tenuto.testing.agent_conformance.stage import MAIN

ASK = {"calls": [{"tool": "ask_person", "arguments": {"question": "Sure?"}}]}


def stage(model: Told, *tools: str) -> Stage:
    return Stage.of(make_runtime(), model, agents=[replace(MAIN, tools=tools)])


async def test_what_was_said_in_a_session_is_known_to_the_next_message() -> None:
    """And to no other session."""
    model = Told({"rules": [{"text": "Hello Anna."}]})
    async with stage(model).opened() as opened:
        for task, session in [("I am Anna.", "chat"), ("Who am I?", "chat"), ("Who am I?", "other")]:
            await opened.output(await opened.start(task=task, session=session))

    known = [[said(ask, place) for place in range(1, len(ask["messages"]))] for ask in model.asked]
    assert known == [["I am Anna."], ["I am Anna.", "Hello Anna.", "Who am I?"], ["Who am I?"]]


async def test_the_second_message_waits_until_the_first_is_answered() -> None:
    """Both are remembered, in the order in which they were answered."""
    begun, going = asyncio.Event(), asyncio.Event()

    def wait(ask: Any) -> Any:
        begun.set()
        return going.wait() if said(ask) == "first" else None

    model = Told({"rules": [{"text": "ok"}]}, before=wait)
    async with stage(model).opened() as opened:
        first = await opened.start(task="first", session="chat")
        await asyncio.wait_for(begun.wait(), 3)
        second = await opened.start(task="second", session="chat")
        await asyncio.sleep(0.15)
        asked = len(model.asked)
        going.set()
        await opened.output(first)
        await opened.output(second)

    assert asked == 1
    assert [said(ask) for ask in model.asked] == ["first", "second"]
    assert said(model.asked[1], 1) == "first"


async def test_who_waits_for_long_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """While an agent waits for a person its session is held, over a restart; the next message's run waits too."""
    monkeypatch.setattr(sessions, "_PATIENCE", 0.1)
    monkeypatch.setattr(sessions, "_FIRST_WAIT", 0.05)
    model = Told({"rules": [{"when": {"task": "first", "turn": 0}, **ASK}, {"text": "ok"}]})
    played = stage(model, "ask_person")
    async with played.opened() as opened:
        first = await opened.start(task="first", session="chat")
        await opened.asked(first)
        second = await opened.start(task="second", session="chat")
        await asyncio.wait_for(opened.host.outcome(second, until=frozenset({"waiting"})), 3)

    async with played.opened() as opened:
        await opened.answer(first, "ask/tool:1", {"approved": True})
        await opened.output(first)
        await opened.output(second)

    assert [said(ask) for ask in model.asked if said(ask) in ("first", "second")] == ["first", "second"]
    assert len(await played.house.conversation("chat").read()) == 4


async def test_a_session_of_a_run_that_failed_is_free_again() -> None:
    model = Told({"rules": [{"when": {"task": "bad"}, "error": {"message": "no", "status": 400}}, {"text": "ok"}]})
    async with stage(model).opened() as opened:
        failed = await opened.ended(await opened.start(task="bad", session="chat"))
        output = await opened.output(await opened.start(task="good", session="chat"))

    assert failed.status == "failed"
    assert output["text"] == "ok"


async def test_a_name_that_is_none_is_refused() -> None:
    model = Told(["ok"])
    async with stage(model).opened() as opened:
        outcome = await opened.ended(await opened.start(session="x" * 300))

    assert (outcome.error or {})["type"] == "input"
