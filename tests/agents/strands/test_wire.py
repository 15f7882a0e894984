from agents.wire_cases import WireCases
from tenuto.agents.strands.wire import Wire
from tenuto.sdk.agents import Model, ModelSpec


class TestStrandsOnTheWire(WireCases):
    """The classes that Strands has for the providers."""

    def make_model(self, spec: ModelSpec) -> Model:
        return Wire(spec)
