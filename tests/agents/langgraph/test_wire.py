"""LangChain's classes say what they are asked, and what they hear is understood."""

from agents.wire_cases import WireCases
from tenuto.agents.langgraph.wire import Wire
from tenuto.sdk.agents import Model, ModelSpec


class TestLangChainOnTheWire(WireCases):
    def make_model(self, spec: ModelSpec) -> Model:
        return Wire(spec)
