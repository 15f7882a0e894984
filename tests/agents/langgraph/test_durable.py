"""`durable(model)`, `durable(tool)`: each call is a step of the run, wherever in a graph it is made."""

from typing import Any

import pytest
from langchain_core.messages import ToolMessage

from agents.langgraph import speakers
from tenuto.agents.langgraph import durable
from tenuto.agents.langgraph.graph import graph
from tenuto.sdk import NodeError
from tenuto.testing.agents import FakeEndpoint, FakeHouse
from tenuto.testing.context import FakeContext
from tenuto.testing.models import ScriptedModel

HELLO = {"messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture(autouse=True)
def nobody_asked() -> None:
    speakers.ASKED.clear()
    speakers.CALLED.clear()


async def play(name: str, given: Any, ctx: FakeContext) -> Any:
    return await graph(f"agents.langgraph.speakers:{name}", given, ctx=ctx)


def calls_of(ctx: FakeContext) -> dict[str, Any]:
    return {key: step for key, step in ctx.steps.items() if not key.startswith(("checkpoint:", "graph"))}


class TestSteps:
    @pytest.mark.parametrize("name", ["talk", "talk_blocking"])
    async def test_models_and_tools_are_asked_once(self, name: str) -> None:
        """Also from plain functions, which run in threads. Tools keep what LangGraph injects."""
        ctx = FakeContext()

        await play(name, HELLO, ctx)

        assert sorted(speakers.CALLED) == [["shout", "t0", 2], ["whisper", "t1", "c1"]]
        assert sorted(key.partition("/")[2] for key in calls_of(ctx)) == [
            *("model:1", "model:1"),
            *("tool:shout:1", "tool:whisper:1"),
        ]

    @pytest.mark.parametrize("name", ["talk", "choir"])
    async def test_whatever_a_crash_has_left_nothing_on_record_is_asked_again(self, name: str) -> None:
        """I5. A key names the task of the graph, so that it is no matter which of its branches came first."""
        given: Any = HELLO if name == "talk" else {}
        ctx = FakeContext()
        whole = await play(name, given, ctx)
        records = list(ctx.steps.items())

        for length in range(2, len(records) + 1):  # from the first checkpoint on
            speakers.ASKED.clear()
            speakers.CALLED.clear()
            known = FakeContext(steps=dict(records[:length]))
            missing = len(calls_of(ctx)) - len(calls_of(known))
            assert await play(name, given, known) == whole
            assert len(speakers.ASKED) + len(speakers.CALLED) == missing

    async def test_what_a_model_used_rides_on_its_step(self) -> None:
        ctx = FakeContext()

        await play("choir", {}, ctx)

        assert [step["usage"]["tokens"] for step in calls_of(ctx).values()] == [5, 5, 5, 5]

    async def test_a_blocking_call_in_an_async_node_says_what_to_write_instead(self) -> None:
        with pytest.raises(NodeError, match="await `ainvoke`"):
            await play("talk_wrongly", HELLO, FakeContext())


class TestStreaming:
    async def test_words_are_seen_as_they_come_with_the_node_that_says_them(self) -> None:
        ctx = FakeContext()

        await play("choir", {}, ctx)

        assert {"text": "alto ", "node": "sing"} in ctx.deltas
        assert sum(delta["text"] == "parrot " for delta in ctx.deltas) == 4

    async def test_what_the_journal_answers_is_not_shown_again(self) -> None:
        ctx = FakeContext()
        await play("choir", {}, ctx)
        again = FakeContext(steps={key: step for key, step in ctx.steps.items() if key != f"checkpoint:{_last(ctx)}"})

        await play("choir", {}, again)

        assert again.deltas == []


class TestModelsOfTheHouse:
    """`chat_model`: asked as an agent asks, by the names of agents' files."""

    def house(self) -> tuple[ScriptedModel, FakeHouse]:
        calls = [{"tool": "shout", "arguments": {"text": "hi"}}]
        model = ScriptedModel([{"text": "Wait.", "calls": calls}, "It is loud.", {"data": {"total": 3}}])
        return model, FakeHouse(models={"inherit": FakeEndpoint(model, usd=1.0)})

    async def test_they_speak_in_peoples_own_graphs_with_tools_and_schemas(self) -> None:
        model, house = self.house()
        ctx = FakeContext(agents=house)

        answer = await play("at_home", HELLO, ctx)

        said = [each["content"] for each in answer["messages"]]
        assert said == ["hello", "Wait.", "HI", "It is loud.", "the sum is 3"]
        assert [message["role"] for message in model.asked[1]["messages"]] == ["user", "assistant", "tool"]
        assert model.asked[0]["tools"][0]["name"] == "shout"
        assert "".join(delta["text"] for delta in ctx.deltas).count("It is loud.") == 1

    async def test_their_questions_are_steps_with_their_price(self) -> None:
        model, house = self.house()
        ctx = FakeContext(agents=house)
        whole = await play("at_home", HELLO, ctx)
        asked = [key for key in ctx.steps if "/inherit/model:" in key]
        model.asked.clear()

        again = await play("at_home", HELLO, FakeContext(agents=house, steps=ctx.steps))

        assert [ctx.steps[key]["usage"]["usd"] > 0 for key in asked] == [True, True, True]
        assert (again, model.asked) == (whole, [])

    async def test_outside_of_a_run_they_say_where_they_answer(self) -> None:
        with pytest.raises(NodeError, match="answer in a graph"):
            await speakers.house.ainvoke("hello")


class TestOutsideOfARun:
    async def test_both_are_what_they_wrap(self) -> None:
        call = {"id": "c", "name": "whisper", "args": {"text": "Hi"}, "type": "tool_call"}

        answer = await speakers.lasting.ainvoke("hello")
        blocking = speakers.lasting.invoke("hello")
        told = await speakers.tools[1].ainvoke(call)

        assert answer.text == blocking.text == "hello says the parrot "
        assert isinstance(told.update["messages"][0], ToolMessage)

    async def test_a_model_with_tools_is_wrapped_too(self) -> None:
        wrapped = durable(speakers.parrot.bind_tools(speakers.tools))

        assert (await wrapped.ainvoke("hello")).tool_calls[0]["name"] == "shout"

    def test_anything_else_is_refused(self) -> None:
        with pytest.raises(TypeError, match="a chat model or a tool, not a dict"):
            durable({})
        with pytest.raises(ValueError, match="must be"):
            durable(speakers.parrot, effects="twice")


def _last(ctx: FakeContext) -> int:
    return max(int(key.partition(":")[2]) for key in ctx.steps if key.startswith("checkpoint:"))
