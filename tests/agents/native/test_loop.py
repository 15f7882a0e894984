"""What the native loop adds to what every runtime does: summaries, and handing a task over."""

from dataclasses import replace
from typing import Any

from tenuto.agents.native import make_runtime
from tenuto.sdk.agents import Agent, Answer, Ask
from tenuto.sdk.agents.model import Tell
from tenuto.testing.agent_conformance import Stage, Told, play, said
from tenuto.testing.agent_conformance.stage import MAIN
from tenuto.testing.agents import FakeTool
from tenuto.testing.models import ScriptedModel

READ: dict[str, Any] = {"calls": [{"tool": "book:read", "arguments": {}}]}


class Reader(Told):
    """Reads four times, then answers; sums up when it is told to. However short what it is shown has become."""

    def __init__(self) -> None:
        super().__init__([])
        self._says = iter([READ, READ, READ, READ, "I have read it."])

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        says = "It is long." if said(ask).startswith("Sum up") else next(self._says)
        self.asked.append({**ask, "messages": list(ask["messages"])})
        fresh: Ask = {**ask, "messages": [message for message in ask["messages"] if message["role"] == "user"]}
        return await ScriptedModel([says]).answer(fresh, tell, key=key)


async def test_a_long_conversation_is_summed_up_once() -> None:
    """The task stays word for word, the newest turn stays, and a resumed run does not sum it up again."""
    agent = Agent(name="main", prompt="You read.", version="1", tools=("book:read",), extra={"max_context": 2_500})
    book = FakeTool("book:read", lambda: "page " * 150)
    model = Reader()

    result, _, ctx = await play(make_runtime(), model, book, agent=agent)

    sums = [ask for ask in model.asked if said(ask).startswith("Sum up")]
    last = model.asked[-1]["messages"]
    assert result["text"] == "I have read it."
    assert len(sums) == 1
    assert [said({"messages": last, "tools": []}, place) for place in (0, 1)] == ["You read.", "Go on."]
    assert "<so_far>" in str(last[2]["content"])
    assert last[-1]["role"] == "tool"

    asked = len(model.asked)
    again = type(ctx)(agents=ctx.agents, steps=ctx.steps)
    await play(make_runtime(), model, book, agent=agent, context=again)
    assert len(model.asked) == asked


async def test_a_task_that_is_handed_over_ends_with_the_other_agents_answer() -> None:
    helper = Agent(name="helper", prompt="You help.", version="1", model=("helper",))
    call = {"calls": [{"tool": "agent:helper", "arguments": {"task": "all of it", "hand_off": True}}]}
    model = Told([call, "never"])
    agents = [replace(MAIN, tools=("agent:helper",)), helper]
    async with Stage.of(make_runtime(), model, agents=agents, helper=Told(["All done."])).opened() as opened:
        output = await opened.output(await opened.start())

    assert output["text"] == "All done."
    assert len(model.asked) == 1
