"""What an agent answers, and what those see who watch it."""

from collections.abc import Iterator
from typing import Any

from tenuto.sdk import NodeError
from tenuto.sdk.agents import Agent, Answer, Ask, ModelError, Work
from tenuto.sdk.agents.model import Tell
from tenuto.testing.agents import FakeEndpoint, FakeHouse, FakeTool
from tenuto.testing.context import FakeContext
from tenuto.testing.models import ScriptedModel

from .calls import adding, asking
from .stage import Playing, Told, play, played, said

CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "people": {"type": "integer"}},
    "required": ["city", "people"],
    "additionalProperties": False,
}
PARIS = {"city": "Paris", "people": 2_100_000}
GEOGRAPHER = Agent(name="main", prompt="You are kind.", version="1", output=CITY)


class _Reader(Told):
    """Reads seven times, then answers; sums up when it is told to. However short what it is shown has become."""

    def __init__(self) -> None:
        super().__init__([])
        read: dict[str, Any] = {"calls": [{"tool": "book:read", "arguments": {}}]}
        self._says: Iterator[Any] = iter([*[read] * 7, "I have read it."])

    async def answer(self, ask: Ask, tell: Tell, *, key: str) -> Answer:
        says: Any = "It is long." if said(ask).startswith("Sum up") else next(self._says)
        self.asked.append({**ask, "messages": list(ask["messages"])})
        fresh: Ask = {**ask, "messages": [message for message in ask["messages"] if message["role"] == "user"]}
        return await ScriptedModel([says]).answer(fresh, tell, key=key)


class Answers(Playing):
    @played
    async def test_an_answer_with_a_schema_has_its_data(self) -> None:
        result, _, _ = await play(self.make_runtime(), [{"data": PARIS}], agent=GEOGRAPHER)

        assert result.get("data") == PARIS

    @played
    async def test_data_that_does_not_fit_is_asked_for_once_more(self) -> None:
        """The model is told what is wrong with it."""
        result, model, _ = await play(self.make_runtime(), [{"data": {"city": 5}}, {"data": PARIS}], agent=GEOGRAPHER)

        assert result.get("data") == PARIS
        assert len(model.asked) == 2
        assert "people" in str(model.asked[1]["messages"][-1])

    @played
    async def test_after_a_second_wrong_answer_the_agent_fails_and_says_why(self) -> None:
        failed: NodeError | None = None
        try:
            await play(self.make_runtime(), [{"data": {"city": 5}}, {"data": {"city": 6}}, "never"], agent=GEOGRAPHER)
        except NodeError as error:
            failed = error

        assert failed is not None
        assert "does not fit" in failed.message
        assert not failed.retry

    @played
    async def test_what_it_spent_is_told(self) -> None:
        """All questions together."""
        result, _, ctx = await play(self.make_runtime(), [asking((1, 2)), "done"], adding())

        steps = [step["usage"]["tokens"] for key, step in ctx.steps.items() if key.startswith("model:")]
        assert len(steps) == 2
        assert result["usage"].get("tokens") == sum(steps)
        assert result["usage"].get("usd", 0) > 0

    @played
    async def test_those_who_watch_see_text_and_tools_in_the_order_of_what_happens(self) -> None:
        script = [{"text": "Let me add. ", **asking((1, 2))}, "It is three, as you see."]

        _, _, ctx = await play(self.make_runtime(), script, adding())

        seen = _runs(ctx.deltas)
        assert seen == [
            "Let me add. ",
            ("math:add", 1, "called"),
            ("math:add", 1, "answered"),
            "It is three, as you see.",
        ]
        called = next(delta for delta in ctx.deltas if delta.get("status") == "called")
        assert called["arguments"] == {"a": 1, "b": 2}

    @played
    async def test_a_text_comes_in_pieces(self) -> None:
        text = "This is a sentence of more than a few words, so that it comes in pieces."

        _, _, ctx = await play(self.make_runtime(), [text])

        pieces = [delta["text"] for delta in ctx.deltas if "text" in delta]
        assert len(pieces) > 3
        assert "".join(pieces) == text

    @played
    async def test_a_long_conversation_is_summed_up(self) -> None:
        """The task stays word for word, the newest turn stays, nobody hears the summary, and a resumed run makes it no second time."""
        agent = Agent(name="main", prompt="You read.", version="1", tools=("book:read",), extra={"max_context": 2_500})
        pages = iter(range(100))
        book = FakeTool("book:read", lambda: f"page {next(pages)} " * 100)
        model = _Reader()

        result, _, ctx = await play(self.make_runtime(), model, book, agent=agent)
        asked = [len(str(ask["messages"])) for ask in model.asked]
        again = FakeContext(agents=ctx.agents, steps=ctx.steps)
        await play(self.make_runtime(), model, book, agent=agent, context=again)

        sums = [place for place, ask in enumerate(model.asked) if said(ask).startswith("Sum up")]
        last = model.asked[-1]
        assert result["text"] == "I have read it."
        assert len(sums) == 2
        assert all(asked[place + 1] < asked[place] for place in sums)
        assert [said(last, 0), said(last, 1)] == ["You read.", "Go on."]
        assert "<so_far>\nIt is long." in said(last, 2)
        assert last["messages"][-1]["role"] == "tool"
        assert "It is long." not in str(ctx.deltas)
        assert len(model.asked) == len(asked)

    @played
    async def test_a_conversation_that_no_model_can_read_says_what_to_do(self) -> None:
        def refuse(_: Any) -> None:
            raise ModelError("This model's maximum context length is 8192 tokens", retry=False)

        failed: NodeError | None = None
        try:
            await play(self.make_runtime(), Told(["never"], before=refuse))
        except NodeError as error:
            failed = error

        assert failed is not None
        assert "max_context" in failed.message

    @played
    async def test_where_a_model_fails_the_next_one_is_asked(self) -> None:
        """The log says so."""

        def fail(_: Any) -> None:
            raise ModelError("it is down", retry=True)

        first, second = Told([], before=fail), Told(["from the second"])
        agent = Agent(name="main", prompt="You are kind.", version="1", model=("first", "second"))
        house = FakeHouse(
            [agent], models={"first": FakeEndpoint(first), "second": FakeEndpoint(second, "scripted:second")}
        )
        ctx = FakeContext(agents=house)

        result = await self.make_runtime().run(Work(agent=agent, task="Go on."), ctx)

        assert result["text"] == "from the second"
        assert any("scripted:second" in message for message, _ in ctx.logs)


def _runs(deltas: list[Any]) -> list[Any]:
    """Pieces of one text joined, tools as (name, call, status)."""
    seen: list[Any] = []
    for delta in deltas:
        if "tool" in delta:
            seen.append((delta["tool"], delta["call"], delta["status"]))
        elif seen and isinstance(seen[-1], str):
            seen[-1] += delta.get("text", "")
        elif delta.get("text"):
            seen.append(delta["text"])
    return seen
