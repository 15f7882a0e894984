from agents.wire_cases import WireCases
from tenuto.agents.agno.wire import Wire
from tenuto.sdk.agents import Model, ModelSpec


class TestAgnoOnTheWire(WireCases):
    """The classes that Agno has for the providers."""

    def make_model(self, spec: ModelSpec) -> Model:
        return Wire(spec)
