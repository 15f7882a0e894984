from dataclasses import replace

from tenuto.agents.agno import make_runtime
from tenuto.sdk.agents import Agent, Runtime
from tenuto.testing.agent_conformance import AgentConformance, Stage, Told

MAIN = Agent(name="main", prompt="You are kind.", version="1", tools=("agent:helper",))
HELPER = Agent(name="helper", prompt="You help.", version="1", model=("helper",))


class TestAgno(AgentConformance):
    """Agent files that Agno drives keep every promise of a runtime."""

    def make_runtime(self) -> Runtime:
        return make_runtime()

    async def test_a_task_that_is_handed_over_ends_with_the_other_agents_answer(self) -> None:
        call = {"calls": [{"tool": "agent:helper", "arguments": {"task": "all of it", "hand_off": True}}]}
        model = Told([call, "never"])
        agents = [replace(MAIN), HELPER]
        async with Stage.of(make_runtime(), model, agents=agents, helper=Told(["All done."])).opened() as opened:
            output = await opened.output(await opened.start())

        assert output["text"] == "All done."
        assert len(model.asked) == 1
