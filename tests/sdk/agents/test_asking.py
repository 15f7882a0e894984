"""A question to a model: the first of several that answers is taken."""

from tenuto.sdk.agents import Agent, Ask, ModelError
from tenuto.sdk.agents.asking import Asker
from tenuto.sdk.agents.standing import Standing
from tenuto.testing.agents import FakeEndpoint, FakeHouse
from tenuto.testing.context import FakeContext
from tenuto.testing.models import ScriptedModel

CLERK = Agent(name="clerk", prompt="You answer.", version="1", model=("first", "second"))


def away(_: Ask) -> None:
    raise ModelError("nobody answers there")


async def test_another_model_is_asked_where_one_is_away_and_it_is_said_why() -> None:
    """Whoever watches reads the reason, not only that it is so."""
    models = {"first": ScriptedModel(["never"], before=away), "second": ScriptedModel(["Fine."])}
    house = FakeHouse([CLERK], models={name: FakeEndpoint(model, f"scripted:{name}") for name, model in models.items()})
    ctx = FakeContext(agents=house)

    asker = Asker(Standing.of(CLERK, ctx), lambda _: None)
    answer = await asker.ask({"messages": [{"role": "user", "content": "Go on"}], "tools": []})

    assert answer["text"] == "Fine."
    assert [text for text, _ in ctx.logs] == ["scripted:second is asked instead: nobody answers there"]
