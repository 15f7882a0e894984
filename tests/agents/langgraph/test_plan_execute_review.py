"""`langgraph.plan_execute_review`: three phases of one agent, with conditions between them."""

import asyncio
from typing import Any

import pytest

from tenuto.agents.langgraph import make_runtime
from tenuto.agents.langgraph.plan_execute_review import plan_execute_review
from tenuto.sdk import NodeError
from tenuto.sdk.agents import Agent, Ask
from tenuto.testing.agents import FakeEndpoint, FakeHouse, FakeTool
from tenuto.testing.context import FakeContext
from tenuto.testing.models import ScriptedModel

YES = {"approved": True, "notes": "good"}
NO = {"approved": False, "notes": "shorter"}


class Scene:
    """`verdicts`: of the reviews, in order."""

    def __init__(self, *verdicts: dict[str, Any], result: str = "done", **model: Any) -> None:
        last_result = {"task": "shorter"}
        self.model = ScriptedModel(
            {
                "rules": [
                    {"when": {"task": "Plan how to do"}, "text": "1. Look. 2. Write."},
                    {"when": {"task": "<result>\nagain"}, "data": verdicts[-1] if verdicts else YES},
                    {"when": {"task": "Judge whether"}, "data": verdicts[0] if verdicts else YES},
                    {"when": last_result, "text": "again"},
                    {"turns": [{"calls": [{"tool": "node:look", "arguments": {}}]}, result]},
                ]
            },
            **model,
        )
        self.looked: list[int] = []
        tool = FakeTool("node:look", lambda: self.looked.append(1))
        agent = Agent(name="clerk", prompt="You are kind.", version="1", tools=("node:look",), runtime="langgraph")
        self.house = FakeHouse(
            [agent],
            models={"inherit": FakeEndpoint(self.model, usd=1.0), "other": FakeEndpoint(self.model)},
            tools=[tool],
            runtimes={"langgraph": make_runtime()},
        )

    def context(self, **more: Any) -> FakeContext:
        return FakeContext(agents=self.house, **more)

    async def play(self, ctx: FakeContext | None = None, **given: Any) -> Any:
        return await plan_execute_review("Write a post.", "clerk", **given, ctx=ctx or self.context())


async def test_a_task_is_planned_executed_and_reviewed() -> None:
    """Each with what the one before came to."""
    scene = Scene()

    answer = await scene.play()

    last = [str(ask["messages"][1]["content"]) for ask in scene.model.asked]
    assert (answer["text"], answer["plan"], answer["review"], answer["rounds"]) == (
        "done",
        "1. Look. 2. Write.",
        YES,
        1,
    )
    assert "<plan>\n1. Look. 2. Write.\n</plan>" in last[1]
    assert "<result>\ndone\n</result>" in last[-1]
    assert answer["usage"]["tokens"] > 0
    assert answer["usage"]["usd"] > 0


async def test_only_executing_has_tools() -> None:
    scene = Scene()

    await scene.play()

    assert [len(ask["tools"]) for ask in scene.model.asked] == [0, 1, 1, 0]
    assert scene.looked == [1]


async def test_what_the_review_finds_is_executed_again() -> None:
    """As often as it may be."""
    again = await Scene(NO, YES).play(rounds=3)
    once = await Scene(NO).play(rounds=1)

    assert (again["text"], again["rounds"], again["review"]) == ("again", 2, YES)
    assert (once["text"], once["rounds"], once["review"]) == ("done", 1, NO)


async def test_without_a_review_it_ends_after_executing() -> None:
    """Nor is nothing reviewed."""
    assert (await Scene().play(rounds=0))["review"] is None
    assert (await Scene(result=" ").play())["review"] is None


async def test_whatever_a_crash_has_left_nothing_on_record_is_asked_again() -> None:
    """I5."""
    scene = Scene(NO, YES)
    ctx = scene.context()
    whole = await scene.play(ctx, rounds=2)
    records = list(ctx.steps.items())

    for length in range(len(records) + 1):
        scene.model.asked.clear()
        answer = await scene.play(scene.context(steps=dict(records[:length])), rounds=2)
        assert answer == whole
        assert len(scene.model.asked) == sum("model:" in key for key, _ in records[length:])


async def test_a_phase_has_its_time() -> None:
    async def slow(_: Ask) -> None:
        await asyncio.sleep(5)

    with pytest.raises(NodeError, match="the phase `plan` took longer than") as late:
        await Scene(before=slow).play(plan_seconds=0.05)

    assert late.value.type == "timeout"


async def test_the_model_may_be_another_one() -> None:
    """Recorded with the agent, for the whole run."""
    scene = Scene()
    ctx = scene.context()

    await scene.play(ctx, model="other")

    assert ctx.steps["agent"]["model"] == ["other"]


async def test_rounds_without_end_are_refused() -> None:
    with pytest.raises(NodeError, match="from 0 to 10"):
        await Scene().play(rounds=11)
