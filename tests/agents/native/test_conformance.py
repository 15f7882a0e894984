"""The runtime of our own does what every runtime must."""

from tenuto.agents.native import make_runtime
from tenuto.sdk.agents import Runtime
from tenuto.testing.agent_conformance import AgentConformance


class TestNative(AgentConformance):
    def make_runtime(self) -> Runtime:
        return make_runtime()
