"""`agno.agent` and `agno.team`: agents and teams that people have made themselves, and teams of agent files."""

from collections.abc import Sequence
from typing import Any

import pytest

from agents.agno import own_agents
from tenuto.agents.agno.agent import agent
from tenuto.agents.agno.team import team
from tenuto.sdk import NodeError, Suspended
from tenuto.sdk.agents import Agent, ModelError
from tenuto.testing.agents import FakeEndpoint, FakeHouse, FakeTool
from tenuto.testing.context import FakeContext
from tenuto.testing.models import ScriptedModel
from tenuto.testing.wire import WireServer

ADDER = "agents.agno.own_agents:adder"
CREW = "agents.agno.own_agents:crew"
ADDING = {"calls": [{"tool": "add", "arguments": {"a": 1, "b": 2}}]}
DELETING = {"calls": [{"tool": "delete", "arguments": {"name": "it"}}]}
MEMBER = {"when": {"system": "<your_role>"}, "turns": [ADDING, "Three, I think."]}
GIVEN = [
    {"tool": "delegate_task_to_member", "arguments": {"member_id": name, "task": "Help."}} for name in ("anna", "bert")
]


@pytest.fixture(autouse=True)
def _nothing_called() -> None:
    own_agents.CALLS.clear()


def stage(script: Sequence[Any] | dict[str, Any], **given: Any) -> tuple[ScriptedModel, FakeContext]:
    model = ScriptedModel(script)
    return model, FakeContext(agents=FakeHouse(models={"scripted:test": FakeEndpoint(model)}), **given)


async def play(ctx: FakeContext, name: str = ADDER, **terms: Any) -> Any:
    return await agent(agent=name, task="Go.", model="scripted:test", **terms, ctx=ctx)


class TestSteps:
    async def test_its_own_model_is_asked_on_the_wire_once_for_each_answer(self) -> None:
        """A second attempt asks nobody, though the prompt has the time in it."""
        async with WireServer([{"text": "Let me see. ", **ADDING}, "It is three."]) as wire:
            own_agents.MODEL.base_url = wire.openai
            first = FakeContext(agents=FakeHouse())
            result = await agent(agent=ADDER, task="Add one and two.", ctx=first)
            steps = {key: step for key, step in first.steps.items() if key != "model:2"}
            second = FakeContext(agents=FakeHouse(), steps=steps)
            again = await agent(agent=ADDER, task="Add one and two.", ctx=second)

        assert result == again
        assert result["text"] == "It is three."
        assert list(first.steps) == ["agent", "opening", "model:1", "call:1", "model:2"]
        assert first.steps["model:1"]["model"] == "agno:m-5"
        assert own_agents.CALLS == ["1+2"]
        assert len(wire.requests) == 3
        told = [each.ask["messages"][0]["content"] for each in wire.asked]
        assert "The current time is" in str(told[0])
        assert told[0] == told[1] == told[2]

    async def test_a_model_of_tenuto_answers_in_its_place(self) -> None:
        _, ctx = stage([ADDING, "It is three."])

        result = await play(ctx)

        assert result["text"] == "It is three."
        assert ctx.steps["model:1"]["model"] == "scripted:test"
        assert [delta.get("status") for delta in ctx.deltas if "tool" in delta] == ["called", "answered"]

    async def test_a_model_that_does_not_answer_fails_the_node_as_itself(self) -> None:
        """Agno has made an answer of it by then."""
        _, ctx = stage([{"error": {"status": 400, "message": "no"}}])

        with pytest.raises(ModelError):
            await play(ctx)

    async def test_a_tool_that_fails_is_told_to_the_model(self) -> None:
        calls = [{"tool": "fail", "arguments": {}}, {"tool": "nothing", "arguments": {}}]
        model, ctx = stage([{"calls": calls}, "So be it."])

        await play(ctx)

        answers = [message["content"] for message in model.asked[1]["messages"] if message["role"] == "tool"]
        assert "no disk" in answers[0]
        assert "there is no tool `nothing`" in answers[1]

    async def test_what_a_tool_changed_in_the_session_is_on_record_with_its_call(self) -> None:
        script = [
            {"calls": [{"tool": "remember", "arguments": {"what": "a song"}}]},
            {"calls": [{"tool": "recall", "arguments": {}}]},
            "It was a song.",
        ]
        _, ctx = stage(script)
        await play(ctx)
        _, later = stage(
            script, steps={key: ctx.steps[key] for key in ("agent", "opening", "model:1", "call:1", "state:1")}
        )
        await play(later)

        assert ctx.steps["call:2"]["answer"] == later.steps["call:2"]["answer"] == "a song"

    async def test_nothing_is_reported_and_nothing_written_to_the_terminal(
        self, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Agno reports runs to its makers, and shows what goes wrong in its own way."""
        reported: list[Any] = []
        monkeypatch.setattr("agno.api.agent.acreate_agent_run", reported.append)
        _, ctx = stage([{"calls": [{"tool": "fail", "arguments": {}}]}, "So be it."])

        await play(ctx)

        assert reported == []
        assert capfd.readouterr() == ("", "")


class TestPeople:
    async def test_a_tool_that_requires_confirmation_waits_for_a_person(self) -> None:
        """Agno's own mark on a function is an approval in the inbox."""
        _, ctx = stage([DELETING, "Gone."])
        with pytest.raises(Suspended) as suspended:
            await play(ctx)
        called = list(own_agents.CALLS)
        _, later = stage([DELETING, "Gone."], steps=ctx.steps, signals={"node/tool:1": {"approved": True}})
        result = await play(later)

        assert suspended.value.ask["tool"] == "delete"
        assert called == []
        assert own_agents.CALLS == ["delete it"]
        assert result["text"] == "Gone."

    async def test_at_its_limit_it_waits(self) -> None:
        _, ctx = stage([ADDING, "Three."])

        with pytest.raises(Suspended) as suspended:
            await play(ctx, max_turns=1)

        assert suspended.value.ask["over"] == "turns"


class TestAnswers:
    async def test_an_output_schema_gives_data(self) -> None:
        """Of its own model as Agno asks for it, of another one as we do."""
        summed = "agents.agno.own_agents:summed"
        model, ctx = stage([{"data": {"sum": 3}}])

        result = await play(ctx, summed)
        async with WireServer([{"data": {"sum": 3}}]) as wire:
            own_agents.MODEL.base_url = wire.openai
            own = await agent(agent=summed, task="Go.", ctx=FakeContext(agents=FakeHouse()))

        assert result["data"] == own["data"] == {"sum": 3}
        assert "sum" in str(model.asked[0].get("output"))
        assert "sum" in str(wire.asked[0].ask)

    async def test_an_output_is_asked_for(self) -> None:
        schema = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}
        _, ctx = stage(["Three.", {"data": {"sum": 3}}])

        result = await play(ctx, output=schema)

        assert result["data"] == {"sum": 3}


class TestTeams:
    async def test_members_work_at_the_same_time_in_places_of_their_own(self) -> None:
        """When the run goes on, each finds its own steps."""
        script = {"turns": [{"calls": GIVEN}, "Done."], "rules": [MEMBER]}
        _, ctx = stage(script)
        result = await team(team=CREW, task="Go.", model="scripted:test", ctx=ctx)
        model, later = stage(script, steps=ctx.steps)
        again = await team(team=CREW, task="Go.", model="scripted:test", ctx=later)

        assert result == again
        assert result["text"] == "Done."
        assert model.asked == []
        assert own_agents.CALLS == ["1+2"]  # bert has no such tool
        assert {"member:1/model:1", "member:1/call:1", "member:1/model:2", "member:2/model:2"} <= ctx.steps.keys()
        assert {delta["agent"] for delta in ctx.deltas if "agent" in delta} == {"anna", "bert"}

    async def test_a_task_for_all_members_is_done_by_each(self) -> None:
        calls = [{"tool": "delegate_task_to_members", "arguments": {"task": "Help."}}]
        _, ctx = stage({"turns": [{"calls": calls}, "Done."], "rules": [MEMBER]})

        await team(team="agents.agno.own_agents:choir", task="Go.", model="scripted:test", ctx=ctx)

        assert {"member:1/anna/model:1", "member:1/bert/model:1"} <= ctx.steps.keys()

    async def test_a_member_that_waits_for_a_person_lets_the_team_wait(self) -> None:
        """The other one finishes first, and is not asked again."""
        script = {"turns": [{"calls": GIVEN}, "Done."], "rules": [MEMBER]}
        _, ctx = stage(script)
        with pytest.raises(Suspended) as suspended:
            await team(team=CREW, task="Go.", model="scripted:test", approve=["add"], ctx=ctx)
        word = {"node/member:1/tool:1": {"approved": True}}
        model, later = stage(script, steps=ctx.steps, signals=word)
        result = await team(team=CREW, task="Go.", model="scripted:test", approve=["add"], ctx=later)

        assert suspended.value.key == "member:1/tool:1"
        assert "member:2/model:2" in ctx.steps
        assert result["text"] == "Done."
        assert len(model.asked) == 2  # anna's last answer, and the leader's

    async def test_members_may_be_agent_files(self) -> None:
        """With the prompt, the model and the tools of their files, and within their limits."""
        model = ScriptedModel(
            {
                "turns": [
                    {"calls": [{"tool": "delegate_task_to_member", "arguments": {"member_id": "ann", "task": "Add."}}]},
                    "Done.",
                ],
                "rules": [
                    {
                        "when": {"system": "You are Ann"},
                        "turns": [{"calls": [{"tool": "math:add", "arguments": {"a": 4, "b": 5}}]}, "Nine."],
                    }
                ],
            }
        )
        ann = Agent(name="ann", prompt="You are Ann, {really}.", version="1", tools=("math:add",))
        adding = FakeTool("math:add", lambda a, b: a + b)
        ctx = FakeContext(agents=FakeHouse([ann], models={"inherit": FakeEndpoint(model)}, tools=[adding]))

        result = await team(members=["ann"], task="Go.", instructions="Be quick.", ctx=ctx)

        assert result["text"] == "Done."
        assert ctx.steps["member:1/call:1"]["answer"] == 9
        assert "Be quick." in str(model.asked[0]["messages"][0]["content"])
        assert model.asked[1]["messages"][0]["content"] == "You are Ann, {really}."

    async def test_a_team_is_named_or_made_of_members(self) -> None:
        with pytest.raises(NodeError, match="either"):
            await team(task="Go.", ctx=FakeContext(agents=FakeHouse()))
