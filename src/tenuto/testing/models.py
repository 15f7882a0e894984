"""Models for tests: what they say is written in the test, and nothing leaves the process.

model = ScriptedModel([{"calls": [{"tool": "node:http.request", "arguments": {}}]}, "It is there."])
house = FakeHouse(models={"inherit": FakeEndpoint(model)})
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tenuto.models.scripted import Scripted
from tenuto.models.scripts import read_script
from tenuto.ports.models import ModelCard
from tenuto.sdk.agents import Answer, Ask, Endpoint
from tenuto.sdk.agents.model import Tell
from tenuto.testing.agents import FakeEndpoint

Said = str | Mapping[str, Any]


class ScriptedModel:
    """A `Model` that gives these answers in order, or plays a whole script (`tenuto.models.scripts` says its form).

    Which answer comes next says the conversation (how often it has been answered), so that a run that goes on after a
    crash finds its place. `asked`: every question, as it came. `before`: called with each, to wait or to raise.
    """

    def __init__(
        self,
        answers: Sequence[Said] | Mapping[str, Any],
        *,
        name: str = "scripted:test",
        before: Callable[[Ask], Any] | None = None,
    ) -> None:
        script: Any = dict(answers) if isinstance(answers, Mapping) else list(answers)
        self._model = Scripted(read_script(script), name)
        self._before = before
        self.name = name
        self.asked: list[Ask] = []
        self.keys: list[str] = []

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        self.asked.append({**ask, "messages": list(ask["messages"])})
        self.keys.append(key)
        if self._before is not None:
            waited = self._before(ask)
            if waited is not None:
                await waited
        return await self._model.answer(ask, tell, key=key)


class FakeModels:
    """A `Models` of one model, whatever it is called. `usd`: what a million tokens cost."""

    def __init__(self, model: ScriptedModel, *, usd: float | None = None) -> None:
        self._endpoint = FakeEndpoint(model, model.name, usd=usd)

    async def endpoints(self, names: Sequence[str], *, tenant: str, stage: str) -> list[Endpoint]:
        del names, tenant, stage
        return [self._endpoint]

    async def cards(self, *, tenant: str, stage: str) -> list[ModelCard]:
        del tenant, stage
        return [ModelCard(name="default", model=self._endpoint.spec.name, chosen="by the test", default=True)]

    def down(self) -> int:
        return 0

    async def aclose(self) -> None:
        """Nothing is open."""


def unheard(piece: str) -> None:
    """A `Tell` for who only wants the whole answer."""
    del piece
