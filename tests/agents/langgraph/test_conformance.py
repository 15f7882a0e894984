"""LangGraph keeps every promise of a runtime."""

from tenuto.agents.langgraph import make_runtime
from tenuto.sdk.agents import Runtime
from tenuto.testing.agent_conformance import AgentConformance


class TestLangGraph(AgentConformance):
    def make_runtime(self) -> Runtime:
        return make_runtime()
