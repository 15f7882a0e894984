"""What the native loop adds to what every runtime does: handing a task over."""

from dataclasses import replace

from tenuto.agents.native import make_runtime
from tenuto.sdk.agents import Agent
from tenuto.testing.agent_conformance import Stage, Told
from tenuto.testing.agent_conformance.stage import MAIN


async def test_a_task_that_is_handed_over_ends_with_the_other_agents_answer() -> None:
    helper = Agent(name="helper", prompt="You help.", version="1", model=("helper",))
    call = {"calls": [{"tool": "agent:helper", "arguments": {"task": "all of it", "hand_off": True}}]}
    model = Told([call, "never"])
    agents = [replace(MAIN, tools=("agent:helper",)), helper]
    async with Stage.of(make_runtime(), model, agents=agents, helper=Told(["All done."])).opened() as opened:
        output = await opened.output(await opened.start())

    assert output["text"] == "All done."
    assert len(model.asked) == 1
