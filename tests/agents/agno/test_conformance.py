from tenuto.agents.agno import make_runtime
from tenuto.sdk.agents import Runtime
from tenuto.testing.agent_conformance import AgentConformance


class TestAgno(AgentConformance):
    """Agent files that Agno drives keep every promise of a runtime."""

    def make_runtime(self) -> Runtime:
        return make_runtime()
