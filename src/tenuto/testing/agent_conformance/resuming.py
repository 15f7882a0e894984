"""What becomes of an agent that is stopped, cancelled, or that calls another one."""

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

from tenuto.sdk.agents import Agent
from tenuto.testing.agents import FakeTool

from .calls import NUMBERS, asking
from .stage import MAIN, Playing, Stage, Told, played, said

HELPER = Agent(name="helper", prompt="You help.", version="1", tools=("math:add",), model=("helper",))
CALL = {"calls": [{"tool": "agent:helper", "arguments": {"task": "What is 1 + 2?"}}]}


class Counting:
    """A tool that remembers its calls, and is gone when its process is."""

    def __init__(self) -> None:
        self.calls: Counter[int] = Counter()
        self.stopped = False

    async def add(self, a: int, b: int) -> int:
        if self.stopped:
            await asyncio.sleep(10)
        self.calls[a] += 1
        return a + b

    @property
    def tool(self) -> FakeTool:
        return FakeTool("math:add", self.add, parameters=NUMBERS)


class Resuming(Playing):
    @played
    async def test_stopped_after_any_step_it_goes_on_and_repeats_nothing(self) -> None:
        """Each question that was answered is asked once, each call made once."""
        script = [asking((1, 0)), asking((2, 0), (3, 0)), "done"]
        for stop in range(1, 7):  # the agent, three questions, three calls
            model, counting = Told(script), Counting()
            stage = Stage.of(self.make_runtime(), model, counting.tool, agents=[replace(MAIN, tools=("math:add",))])
            run = await _stopped_at(stage, stop, model, counting)
            model.stopped = counting.stopped = False
            async with stage.opened() as opened:
                output = await opened.output(run)
                steps = await opened.steps(run)

            assert output["text"] == "done", stop
            assert len(steps) == len(set(steps)) == 7, stop
            assert (len(model.answered), len(set(model.answered))) == (3, 3), stop
            assert counting.calls == {1: 1, 2: 1, 3: 1}, stop

    @played
    async def test_cancelled_it_stops_within_a_second(self) -> None:
        asked = asyncio.Event()

        def forever(_: Any) -> Any:
            asked.set()
            return asyncio.sleep(30)

        async with Stage.of(self.make_runtime(), Told(["never"], before=forever)).opened() as opened:
            run = await opened.start()
            await asyncio.wait_for(asked.wait(), 5)
            began = asyncio.get_running_loop().time()
            await opened.host.cancel(run)
            outcome = await opened.ended(run)

            assert outcome.status == "cancelled"
            assert asyncio.get_running_loop().time() - began < 1

    @played
    async def test_an_agent_calls_another_one_inside_the_same_node(self) -> None:
        """Its steps carry the key of the call, and what it spends its caller spends."""
        helper, counting = Told([asking((1, 2)), "It is 3."]), Counting()
        model = Told([CALL, "The helper says 3."])
        agents = [replace(MAIN, tools=("agent:helper",)), HELPER]
        async with Stage.of(self.make_runtime(), model, counting.tool, agents=agents, helper=helper).opened() as opened:
            run = await opened.start()
            output = await opened.output(run)
            steps = await opened.steps(run)

        assert output["text"] == "The helper says 3."
        assert "It is 3." in said(model.asked[-1])
        assert steps == [
            "agent", "model:1",
            "call:1/agent", "call:1/model:1", "call:1/call:1", "call:1/model:2", "call:1",
            "model:2",
        ]  # fmt: skip
        assert said(helper.asked[0]) == "What is 1 + 2?"
        assert output["usage"]["tokens"] > 0

    @played
    async def test_a_helper_that_is_stopped_in_the_middle_goes_on_too(self) -> None:
        for stop in (3, 4, 5, 6, 7):
            helper, counting = Told([asking((1, 2)), "It is 3."]), Counting()
            model = Told([CALL, "The helper says 3."])
            agents = [replace(MAIN, tools=("agent:helper",)), HELPER]
            stage = Stage.of(self.make_runtime(), model, counting.tool, agents=agents, helper=helper)
            run = await _stopped_at(stage, stop, model, counting, helper)
            model.stopped = helper.stopped = counting.stopped = False
            async with stage.opened() as opened:
                output = await opened.output(run)

            assert output["text"] == "The helper says 3.", stop
            assert (len(model.answered), len(helper.answered), counting.calls) == (2, 2, {1: 1}), stop

    @played
    async def test_an_agent_that_would_call_itself_is_told_so(self) -> None:
        model = Told([{"calls": [{"tool": "agent:main", "arguments": {"task": "again"}}]}, "I see."])
        stage = Stage.of(self.make_runtime(), model, agents=[replace(MAIN, tools=("agent:main",))])
        async with stage.opened() as opened:
            output = await opened.output(await opened.start())

        assert output["text"] == "I see."
        assert "already" in said(model.asked[-1])


async def _stopped_at(stage: Stage, number: int, *parts: Told | Counting) -> str:
    """A run whose process is gone when so many steps are recorded: from that moment nothing answers."""

    def gone() -> None:
        for part in parts:
            part.stopped = True

    async with stage.opened() as opened:
        reached = opened.at_step(number, gone)
        run = await opened.start()
        await asyncio.wait_for(reached.wait(), 5)
    return run
