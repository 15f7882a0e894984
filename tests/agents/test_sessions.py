"""Sessions: what was said before is known, one message at a time, each added once."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from tenuto.agents.native import make_runtime
from tenuto.cli.describe import wait_text
from tenuto.core.flow import read
from tenuto.ports.engine import StartRequest
from tenuto.sdk import library
from tenuto.sdk.agents import ModelError
from tenuto.service.archive import Archive
from tenuto.service.runs import wait_json
from tenuto.testing.agent_conformance import Stage, Told, said
from tenuto.testing.agent_conformance.stage import MAIN
from tenuto.testing.host_conformance import flow_of

WORDS = ("first", "second", "third")
TWICE = {"attempts": 2, "delay": "10ms"}
ASK = {"calls": [{"tool": "ask_person", "arguments": {"question": "Sure?"}}]}


async def unheard(*_: object) -> None:
    """A word that is lost."""


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


async def test_who_waits_for_a_person_keeps_its_turn_however_long_that_takes() -> None:
    """Over restarts, and looks of the one behind it; which is no question to anybody, and says whose turn it is."""
    model = Told({"rules": [{"when": {"task": "first", "turn": 0}, **ASK}, {"text": "ok"}]})
    played = stage(model, "ask_person")
    async with played.opened() as opened:
        first = await opened.start(task="first", session="chat")
        await opened.asked(first)
        second = await opened.start(task="second", session="chat")
        (waiting,) = (await opened.all_asked(second)).values()
        kinds = [ask.kind for ask in opened.host.asks(second) or []]

    async with played.opened() as opened:
        await opened.answer(second, "ask/session", None)
        third = await opened.start(task="third", session="chat")
        await opened.all_asked(third)
        asked = len(model.asked)
        await opened.answer(first, "ask/tool:1", {"approved": True})
        for run in (first, second, third):
            await opened.output(run)

    assert (waiting, kinds, asked) == ({}, ["signal"], 1)
    assert [said(ask) for ask in model.asked if said(ask) in WORDS] == list(WORDS)
    assert len(await played.house.conversation("chat").read()) == 6


async def test_who_looks_at_a_message_that_waits_is_told_for_whom_and_for_what() -> None:
    model = Told({"rules": [{"when": {"task": "first", "turn": 0}, **ASK}, {"text": "ok"}]})
    played = stage(model, "ask_person")
    async with played.opened() as opened:
        first = await opened.start(task="first", session="chat")
        await opened.asked(first)
        second = await opened.start(task="second", session="chat")
        await opened.all_asked(second)
        archive = Archive(
            played.journal, played.journal, lambda said: read(json.loads(said), library(played.registry))[0]
        )
        ahead, behind = [await archive.find(run) for run in (first, second)]
        (wait,) = (await archive.follower(behind)).waits()

    shown = wait_text(wait, 0.0)
    assert shown == f"waits for run {ahead.name} of the same session, which waits for an answer"
    assert (wait_json(wait)["kind"], wait_json(wait)["run"]) == ("session", first)


async def test_a_message_keeps_its_turn_between_its_attempts() -> None:
    """Its node has no outcome yet."""
    tries = 0

    def fail_once(ask: Any) -> None:
        nonlocal tries
        if said(ask) == "first" and not tries:
            tries += 1
            raise ModelError("it is down", retry=True)

    model = Told({"rules": [{"text": "ok"}]}, before=fail_once)
    played = stage(model)
    async with played.opened() as opened:
        node = {"use": "agent", "with": {"agent": "main", "task": "first", "session": "chat"}, "retry": TWICE}
        flow = flow_of("scene", {"nodes": {"ask": node}, "output": "${ask}"}, library(played.registry))
        first = await opened.host.start(StartRequest(flow))
        second = await opened.start(task="second", session="chat")
        await opened.output(first)
        await opened.output(second)

    assert [said(ask) for ask in model.asked if said(ask) in WORDS][-2:] == ["first", "second"]


@pytest.mark.parametrize("restarted", [False, True], ids=["at once", "after a restart"])
async def test_a_message_that_is_cancelled_while_it_waits_lets_the_next_one_go(restarted: bool) -> None:
    model = Told({"rules": [{"when": {"task": "first", "turn": 0}, **ASK}, {"text": "ok"}]})
    played = stage(model, "ask_person")
    async with played.opened() as opened:
        first = await opened.start(task="first", session="chat")
        await opened.asked(first)
        second = await opened.start(task="second", session="chat")
        third = await opened.start(task="third", session="chat")
        await opened.all_asked(third)
        await opened.host.cancel(second)
        if not restarted:
            await opened.host.cancel(first)
            await opened.output(third)
    if restarted:
        async with played.opened() as opened:
            await opened.host.cancel(first)
            await opened.output(third)

    assert [said(ask) for ask in model.asked] == ["first", "third"]


async def test_whoever_was_not_told_of_its_turn_is_told_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process was gone between the end of the first and the word to the second."""
    model = Told({"rules": [{"when": {"task": "first", "turn": 0}, **ASK}, {"text": "ok"}]})
    played = stage(model, "ask_person")
    async with played.opened() as opened:
        first = await opened.start(task="first", session="chat")
        await opened.asked(first)
        second = await opened.start(task="second", session="chat")
        await opened.all_asked(second)
        signal = opened.host.signal
        monkeypatch.setattr(opened.host, "signal", unheard)
        await signal(first, "ask/tool:1", {"approved": True})
        await opened.output(first)

    async with played.opened() as opened:
        output = await opened.output(second)

    assert output["text"] == "ok"


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
