"""`strands.agent`: agents that people have made themselves."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from agents.strands import own_agents
from tenuto.agents.strands.agent import agent
from tenuto.sdk import NodeError, Suspended
from tenuto.sdk.agents import ModelError
from tenuto.testing.agents import FakeEndpoint, FakeHouse
from tenuto.testing.context import FakeContext
from tenuto.testing.models import ScriptedModel
from tenuto.testing.wire import WireServer

ADDER = "agents.strands.own_agents:adder"
ADDING = {"calls": [{"tool": "add", "arguments": {"a": 1, "b": 2}}]}
DELETING = {"calls": [{"tool": "delete", "arguments": {"name": "it"}}]}


@pytest.fixture(autouse=True)
def _nothing_called() -> None:
    own_agents.CALLS.clear()


def stage(script: Sequence[Any] | dict[str, Any], **given: Any) -> tuple[ScriptedModel, FakeContext]:
    model = ScriptedModel(script)
    return model, FakeContext(agents=FakeHouse(models={"scripted:test": FakeEndpoint(model)}), **given)


async def play(script: Sequence[Any] | dict[str, Any], name: str = ADDER, **terms: Any) -> tuple[Any, FakeContext]:
    _, ctx = stage(script)
    return await agent(agent=name, task="Go.", model="scripted:test", **terms, ctx=ctx), ctx


class TestSteps:
    async def test_its_own_model_is_asked_on_the_wire_once_for_each_answer(self) -> None:
        """A second attempt finds all that the first one was told, and asks nobody."""
        async with WireServer([{"text": "Let me see. ", **ADDING}, "It is three."]) as wire:
            own_agents.MODEL.client_args["base_url"] = wire.openai
            first = FakeContext(agents=FakeHouse())
            result = await agent(agent=ADDER, task="Add one and two.", ctx=first)
            second = FakeContext(agents=FakeHouse(), steps=first.steps)
            again = await agent(agent=ADDER, task="Add one and two.", ctx=second)

        assert result == again
        assert result["text"] == "It is three."
        assert result["usage"]["tokens"] > 0
        assert list(first.steps) == ["agent", "model:1", "call:1", "model:2"]
        assert first.steps["model:1"]["model"] == "strands:m-5"
        assert len(wire.requests) == 2
        assert own_agents.CALLS == ["1+2"]
        assert [each.ask["messages"][0]["content"] for each in wire.asked] == ["You add."] * 2

    async def test_a_model_of_tenuto_answers_in_its_place(self) -> None:
        result, ctx = await play([ADDING, "It is three."])

        assert result["text"] == "It is three."
        assert ctx.steps["model:1"]["model"] == "scripted:test"

    async def test_those_who_watch_see_its_text_and_its_tools(self) -> None:
        _, ctx = await play([{"text": "Look.", **ADDING}, "Three."])

        assert [delta.get("text") or delta["status"] for delta in ctx.deltas] == [
            "Look.",
            "called",
            "answered",
            "Three.",
        ]

    async def test_a_model_that_does_not_answer_fails_the_node_as_itself(self) -> None:
        """Strands has wrapped it by then."""
        _, ctx = stage([{"error": {"status": 400, "message": "no"}}])

        with pytest.raises(ModelError):
            await agent(agent=ADDER, task="Go.", model="scripted:test", ctx=ctx)

    async def test_a_tool_that_fails_is_told_to_the_model(self) -> None:
        model, ctx = stage(
            [{"calls": [{"tool": "fail", "arguments": {}}, {"tool": "nothing", "arguments": {}}]}, "So be it."]
        )

        result = await agent(agent=ADDER, task="Go.", model="scripted:test", ctx=ctx)

        answers = [message["content"] for message in model.asked[1]["messages"] if message["role"] == "tool"]
        assert "no disk" in answers[0]
        assert "there is no tool `nothing`" in answers[1]
        assert result["text"] == "So be it."

    async def test_runs_at_the_same_time_share_no_conversation(self) -> None:
        """The agent stands in its module, one for all."""
        results = await asyncio.gather(*(play([ADDING, f"Answer {n}."]) for n in range(3)))

        assert [result["text"] for result, _ in results] == ["Answer 0.", "Answer 1.", "Answer 2."]
        assert own_agents.adder.messages == []


class TestPeople:
    async def test_what_a_tool_asks_waits_for_a_person(self) -> None:
        """An `interrupt()` of Strands is a question in the inbox; what was said is what it returns."""
        _, ctx = stage([DELETING, "Gone."])
        with pytest.raises(Suspended) as suspended:
            await agent(agent=ADDER, task="Go.", model="scripted:test", ctx=ctx)
        _, later = stage([DELETING, "Gone."], steps=ctx.steps, signals={"node/call:1/sure": {"answer": "yes"}})
        result = await agent(agent=ADDER, task="Go.", model="scripted:test", ctx=later)

        assert suspended.value.ask["question"] == "Delete it?"
        assert later.steps["call:1"]["answer"] == "yes, so it is gone"
        assert own_agents.CALLS == ["delete it"]
        assert result["text"] == "Gone."

    async def test_a_tool_that_needs_approval_is_not_called_before(self) -> None:
        _, ctx = stage([ADDING, "Three."])

        with pytest.raises(Suspended) as suspended:
            await agent(agent=ADDER, task="Go.", model="scripted:test", approve=["add"], ctx=ctx)

        assert suspended.value.signal == "node/tool:1"
        assert suspended.value.ask["arguments"] == {"a": 1, "b": 2}
        assert own_agents.CALLS == []

    async def test_at_its_limit_it_waits(self) -> None:
        _, ctx = stage([ADDING, "Three."])

        with pytest.raises(Suspended) as suspended:
            await agent(agent=ADDER, task="Go.", model="scripted:test", budget={"tokens": 1}, ctx=ctx)

        assert suspended.value.ask["kind"] == "budget"


class TestAnswers:
    async def test_a_structured_output_model_gives_data(self) -> None:
        """Also when the run goes on: what the answer held is looked at again."""
        script = [{"calls": [{"tool": "Sum", "arguments": {"sum": 3}}]}]
        summed = "agents.strands.own_agents:summed"
        _, ctx = stage(script)
        result = await agent(agent=summed, task="Go.", model="scripted:test", ctx=ctx)
        model, later = stage(script, steps=ctx.steps)
        again = await agent(agent=summed, task="Go.", model="scripted:test", ctx=later)

        assert result["data"] == again["data"] == {"sum": 3}
        assert model.asked == []

    async def test_an_output_is_asked_for_of_its_own_model_in_words(self) -> None:
        schema = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}

        async with WireServer(["It is three.", {"data": {"sum": 3}}]) as wire:
            own_agents.MODEL.client_args["base_url"] = wire.openai
            result = await agent(agent=ADDER, task="Go.", output=schema, ctx=FakeContext(agents=FakeHouse()))

        assert result["data"] == {"sum": 3}
        assert "JSON Schema" in str(wire.asked[0].ask["messages"][0]["content"])
        assert "does not fit" in str(wire.asked[1].ask["messages"][-1]["content"])

    async def test_an_agent_among_its_tools_works_in_steps_of_its_own(self) -> None:
        script = {
            "turns": [{"calls": [{"tool": "helper", "arguments": {"input": "Help."}}]}, "Helped."],
            "rules": [{"when": {"system": "You help"}, "turns": [ADDING, "Three, I think."]}],
        }

        result, ctx = await play(script)

        assert [key for key in ctx.steps if key.startswith("call:1/")] == [
            "call:1/model:1",
            "call:1/call:1",
            "call:1/model:2",
        ]
        assert ctx.steps["call:1"]["answer"] == "Three, I think."
        assert result["text"] == "Helped."
        spent = [step["usage"]["tokens"] for key, step in ctx.steps.items() if "model:" in key]
        assert result["usage"]["tokens"] == sum(spent)


class TestNames:
    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("agents.strands.own_agents:no_agent", "is a str"),
            ("agents.strands.own_agents:nobody", "is not there"),
            ("no_such_module:agent", "there is no module `no_such_module`"),
            ("os:system", "holds nothing of yours"),
            ("strands:Agent", "holds nothing of yours"),
            ("own_agents", "write `my_module:agent`"),
        ],
    )
    async def test_a_name_that_is_no_agent_is_refused(self, name: str, why: str) -> None:
        """And what stands there is never called."""
        with pytest.raises(NodeError, match=why) as refused:
            await agent(agent=name, task="Go.", ctx=FakeContext(agents=FakeHouse()))

        assert not refused.value.retry
