from tenuto.agents.strands import make_runtime
from tenuto.sdk.agents import Runtime
from tenuto.testing.agent_conformance import AgentConformance


class TestStrands(AgentConformance):
    """Agent files that Strands drives keep every promise of a runtime."""

    def make_runtime(self) -> Runtime:
        return make_runtime()
