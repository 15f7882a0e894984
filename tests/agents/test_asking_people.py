"""An agent that needs a person: approvals of tools, questions, budgets. The run waits, and goes on where it was."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tenuto.agents.native import make_runtime
from tenuto.core.events import StepRecorded
from tenuto.ports.engine import Refused, StartRequest
from tenuto.sdk import library
from tenuto.sdk.agents import Agent
from tenuto.testing.agent_conformance import Stage
from tenuto.testing.agents import FakeEndpoint, FakeHouse, FakeTool
from tenuto.testing.host_conformance import flow_of
from tenuto.testing.models import ScriptedModel

MAIL = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "text": {"type": "string"}},
    "required": ["to", "text"],
    "additionalProperties": False,
}
SEND = {"calls": [{"tool": "mail:send", "arguments": {"to": "bob", "text": "hi"}}]}


class Mails:
    """A tool that sends, and remembers what it sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, to: str, text: str) -> str:
        self.sent.append((to, text))
        return "sent"

    @property
    def tool(self) -> FakeTool:
        return FakeTool("mail:send", self.send, parameters=MAIL, effects="once", sends=True)


MAILS = Agent(name="main", prompt="p", version="1", tools=("mail:send",), approve=("mail:send",))


def scene(
    mails: Mails, answers: list[Any], main: Agent = MAILS, *agents: Agent, helper: Sequence[Any] = ()
) -> tuple[Stage, ScriptedModel]:
    """`helper`: what the model of that name says, for agents that the main one calls."""
    model = ScriptedModel(answers)
    house = FakeHouse(
        [main, *agents],
        models={"inherit": FakeEndpoint(model, usd=1.0), "helper": FakeEndpoint(ScriptedModel(helper))},
        tools=[mails.tool],
        runtimes={"native": make_runtime()},
    )
    return Stage(house), model


class TestApproval:
    async def test_the_request_shows_exact_arguments_and_the_call_is_made_once_approved(self) -> None:
        """SECURITY 94; SEMANTICS 25: `<path>/tool:1`, over a restart."""
        mails = Mails()
        stage, model = scene(mails, [SEND, "done"])
        async with stage.opened() as opened:
            run = await opened.start()
            ask = await opened.asked(run)
            assert mails.sent == []

        async with stage.opened() as opened:
            await opened.answer(run, "ask/tool:1", {"approved": True})
            output = await opened.output(run)

        assert (ask["kind"], ask["tool"], ask["agent"]) == ("approval", "mail:send", "main")
        assert ask["arguments"] == {"to": "bob", "text": "hi"}
        assert ask["hash"]
        assert ask["expires"] > "2026"
        assert output["text"] == "done"
        assert mails.sent == [("bob", "hi")]
        assert len(model.asked) == 2

    async def test_a_person_changes_the_arguments(self) -> None:
        mails = Mails()
        stage, model = scene(mails, [SEND, "done"])
        async with stage.opened() as opened:
            run = await opened.start()
            await opened.asked(run)
            with pytest.raises(Refused, match=r"form\.arguments"):
                await opened.answer(run, "ask/tool:1", {"approved": True, "form": {"arguments": {"to": 5}}})
            for unclear in ({"argument": {"to": "eve"}}, {"to": "eve"}, {"arguments": "eve"}, "eve"):
                with pytest.raises(Refused, match="arguments"):
                    await opened.answer(run, "ask/tool:1", {"approved": True, "form": unclear})
            await opened.answer(
                run, "ask/tool:1", {"approved": True, "form": {"arguments": {"to": "eve", "text": "ho"}}}
            )
            await opened.ended(run)

        assert mails.sent == [("eve", "ho")]
        assert "changed the arguments" in str(model.asked[1]["messages"][-1]["content"])

    async def test_a_person_refuses_and_the_agent_reads_why(self) -> None:
        mails = Mails()
        stage, model = scene(mails, [SEND, "as you wish"])
        async with stage.opened() as opened:
            run = await opened.start()
            await opened.asked(run)
            await opened.answer(run, "ask/tool:1", {"approved": False, "comment": "not to Bob"})
            output = await opened.output(run)

        assert output["text"] == "as you wish"
        assert mails.sent == []
        assert "not to Bob" in str(model.asked[1]["messages"][-1]["content"])

    async def test_a_word_before_the_call_is_known_or_after_it_was_answered_is_refused(self) -> None:
        """It would hold for whatever the agent asks first."""
        stage, _ = scene(Mails(), [SEND, SEND, "done"])
        async with stage.opened() as opened:
            run = await opened.start()
            await opened.asked(run)
            with pytest.raises(Refused) as early:
                await opened.answer(run, "ask/tool:2", {"approved": True})
            with pytest.raises(Refused) as other:
                await opened.answer(run, "ask/tool:1", {"approved": True, "hash": "of something else"})
            with pytest.raises(Refused) as unclear:
                await opened.answer(run, "ask/tool:1", "yes")
            await opened.answer(run, "ask/tool:1", {"approved": True})
            await opened.asked(run)
            with pytest.raises(Refused) as late:
                await opened.answer(run, "ask/tool:1", {"approved": True})

        codes = [each.value.code for each in (early, other, unclear, late)]
        assert codes == ["conflict", "conflict", "invalid", "answered"]

    async def test_what_a_caller_may_not_do_alone_its_helper_may_not_either(self) -> None:
        """SECURITY 99: the approvals of every agent above hold; the name says where it asks."""
        mails = Mails()
        helper = Agent(name="helper", prompt="h", version="1", tools=("mail:send",), model=("helper",))
        call = {"calls": [{"tool": "agent:helper", "arguments": {"task": "write to bob"}}]}
        main = replace(MAILS, tools=("agent:helper",))
        stage, _ = scene(mails, [call, "done"], main, helper, helper=[SEND, "written"])
        async with stage.opened() as opened:
            run = await opened.start()
            ask = await opened.asked(run)
            await opened.answer(run, ask["name"], {"approved": True})
            output = await opened.output(run)

        assert (ask["name"], ask["agent"]) == ("ask/call:1/tool:1", "helper")
        assert output["text"] == "done"
        assert mails.sent == [("bob", "hi")]


class TestQuestions:
    async def test_an_agent_asks_and_reads_the_answer(self) -> None:
        ask = {"calls": [{"tool": "ask_person", "arguments": {"question": "Which colour?"}}]}
        stage, model = scene(Mails(), [ask, "red it is"], replace(MAILS, tools=("ask_person",)))
        async with stage.opened() as opened:
            run = await opened.start()
            asked = await opened.asked(run)
            await opened.answer(run, "ask/tool:1", {"approved": True, "comment": "red"})
            output = await opened.output(run)

        assert (asked["kind"], asked["question"]) == ("question", "Which colour?")
        assert model.asked[1]["messages"][-1]["content"] == "red"
        assert output["text"] == "red it is"

    async def test_a_form_is_filled_in_as_it_asks(self) -> None:
        form = {"type": "object", "properties": {"colour": {"enum": ["red", "blue"]}}, "required": ["colour"]}
        ask = {"calls": [{"tool": "ask_person", "arguments": {"question": "Which?", "form": form}}]}
        stage, model = scene(Mails(), [ask, "ok"], replace(MAILS, tools=("ask_person",)))
        async with stage.opened() as opened:
            run = await opened.start()
            await opened.asked(run)
            with pytest.raises(Refused, match="colour"):
                await opened.answer(run, "ask/tool:1", {"approved": True, "form": {"colour": "green"}})
            await opened.answer(run, "ask/tool:1", {"approved": True, "form": {"colour": "blue"}})
            await opened.ended(run)

        assert model.asked[1]["messages"][-1]["content"] == '{"colour": "blue"}'


class TestBudget:
    async def test_at_the_limit_the_run_waits_and_goes_on_with_more(self) -> None:
        mails = Mails()
        stage, model = scene(mails, [SEND, "done"], replace(MAILS, budget={"tokens": 1}, approve=()))
        async with stage.opened() as opened:
            run = await opened.start()
            ask = await opened.asked(run)
            with pytest.raises(Refused, match="more of a budget"):
                await opened.answer(run, "ask/budget:1", {"add": {"apples": 1}})
            await opened.answer(run, "ask/budget:1", {"add": {"tokens": 1000}})
            output = await opened.output(run)

        assert (ask["kind"], ask["over"], ask["limit"]["tokens"]) == ("budget", "tokens", 1)
        assert output["text"] == "done"
        assert len(model.asked) == 2

    async def test_a_person_ends_it_and_the_run_says_so(self) -> None:
        stage, _ = scene(Mails(), [SEND, "done"], replace(MAILS, max_turns=1, approve=()))
        async with stage.opened() as opened:
            run = await opened.start()
            ask = await opened.asked(run)
            await opened.answer(run, "ask/budget:1", {"stop": True})
            outcome = await opened.ended(run)

        assert ask["over"] == "turns"
        assert outcome.status == "failed"
        assert (outcome.error or {})["type"] == "budget"
        assert "1 turns" in str((outcome.error or {})["message"])

    async def test_what_a_resumed_run_spent_is_counted_once(self) -> None:
        """The steps told it: neither a restart nor the answer of the node tells it again."""
        stage, _ = scene(Mails(), [SEND, "done"])
        async with stage.opened() as opened:
            run = await opened.start()
            await opened.asked(run)
        async with stage.opened() as opened:
            await opened.answer(run, "ask/tool:1", {"approved": True})
            output = await opened.output(run)
            ended = await opened.host.ended_run(run)

        assert ended is not None
        assert ended[1]["tokens"] == output["usage"]["tokens"]


async def test_cancelling_stops_an_agent_that_asks_a_model_at_once() -> None:
    """Within a second, and nothing is recorded of the answer that did not come."""
    asked = asyncio.Event()

    def forever(ask: Any) -> Any:
        asked.set()
        return asyncio.sleep(60)

    model = ScriptedModel(["never"], before=forever)
    main = Agent(name="main", prompt="p", version="1")
    house = FakeHouse([main], models={"inherit": FakeEndpoint(model)}, runtimes={"native": make_runtime()})
    async with Stage(house).opened() as opened:
        run = await opened.start()
        await asyncio.wait_for(asked.wait(), 2)
        began = asyncio.get_running_loop().time()
        await opened.host.cancel(run)
        outcome = await opened.ended(run)

        assert outcome.status == "cancelled"
        assert asyncio.get_running_loop().time() - began < 1


async def test_the_answers_to_two_helpers_may_come_in_one_moment() -> None:
    """The second one while the first helper goes on already; each has its own, and nobody is asked twice."""
    question = {"calls": [{"tool": "ask_person", "arguments": {"question": "Sure?"}}]}
    helper = Agent(name="helper", prompt="h", version="1", tools=("ask_person",), model=("helper",))
    both = {"calls": [{"tool": "agent:helper", "arguments": {"task": task}} for task in ("one", "two")]}
    main = replace(MAILS, tools=("agent:helper",), approve=())
    stage, model = scene(Mails(), [both, "done"], main, helper, helper=[question, "asked"])
    async with stage.opened() as opened:
        run = await opened.start()
        asked = list(await opened.all_asked(run))
        await asyncio.gather(*(opened.answer(run, name, {"approved": True, "comment": name}) for name in asked))
        output = await opened.output(run)
        facts = [fact for _, fact in await opened.facts(run)]

    told = {
        fact.key: fact.output["signal"]["comment"] for fact in facts if isinstance(fact, StepRecorded) and fact.signal
    }
    assert told == {"call:1/tool:1": "ask/call:1/tool:1", "call:2/tool:1": "ask/call:2/tool:1"}
    assert output["text"] == "done"
    assert [message["content"] for message in model.asked[1]["messages"][-2:]] == ["asked", "asked"]


async def test_a_call_that_may_have_happened_when_its_process_died_waits_for_a_decision() -> None:
    """SEMANTICS 23: it is not made again; what a person says came of it is its answer."""
    began = asyncio.Event()

    async def send(to: str, text: str) -> str:
        began.set()
        await asyncio.sleep(10)
        return f"sent {text} to {to}"

    model = ScriptedModel([SEND, "done"])
    tool = FakeTool("mail:send", send, parameters=MAIL, effects="once")
    house = FakeHouse(
        [replace(MAILS, approve=())],
        models={"inherit": FakeEndpoint(model)},
        tools=[tool],
        runtimes={"native": make_runtime()},
    )
    stage = Stage(house)
    async with stage.opened() as opened:
        run = await opened.start()
        await asyncio.wait_for(began.wait(), 5)

    async with stage.opened() as opened:
        await asyncio.wait_for(opened.host.outcome(run, until=frozenset({"waiting"})), 5)
        await opened.answer(run, "ask", {"decision": "done", "output": "it went out"})
        output = await opened.output(run)

    assert output["text"] == "done"
    assert model.asked[1]["messages"][-1]["content"] == "it went out"


async def test_a_run_whose_budget_is_used_up_asks_no_more_of_its_agents() -> None:
    """SEMANTICS 34: nothing new starts, a question in the middle of an agent neither; with more it goes on where it was."""
    mails = Mails()
    stage, model = scene(mails, [SEND, SEND, "done"], replace(MAILS, approve=()))
    limited = {"nodes": {"ask": {"use": "agent", "with": {"agent": "main", "task": "Go on."}}}, "output": "${ask.text}"}
    flow = flow_of("scene", {**limited, "budget": {"tokens": 1}}, library(stage.registry))
    async with stage.opened() as opened:
        run = await opened.host.start(StartRequest(flow))
        await asyncio.wait_for(opened.host.outcome(run, until=frozenset({"waiting"})), 5)
        asked = len(model.asked)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(opened.host.outcome(run)), 0.1)
        facts = [type(fact).__name__ for _, fact in await opened.facts(run)]
        await opened.host.signal(run, "budget", {"add": {"tokens": 100_000}})
        outcome = await opened.ended(run)

    assert asked == 1
    assert facts.count("BudgetExceeded") == 1
    assert outcome.output == "done"
    assert len(model.asked) == 3


async def test_a_run_that_is_paused_asks_no_more_until_it_goes_on() -> None:
    """What was asked is answered and kept."""
    asked, going = asyncio.Event(), asyncio.Event()

    def wait(_: Any) -> Any:
        asked.set()
        return going.wait()

    stage, _ = scene(Mails(), [], replace(MAILS, approve=()))
    model = ScriptedModel([SEND, "done"], before=wait)
    stage.house._models["inherit"] = FakeEndpoint(model)
    async with stage.opened() as opened:
        run = await opened.start()
        await asyncio.wait_for(asked.wait(), 5)
        await opened.host.signal(run, "run.pause", None)
        going.set()
        await asyncio.wait_for(opened.host.outcome(run, until=frozenset({"waiting"})), 5)
        before = len(model.asked)
        await opened.host.signal(run, "run.resume", None)
        output = await opened.output(run)

    assert before == 1
    assert output["text"] == "done"
    assert len(model.asked) == 2
