"""`langgraph.graph`: people's own graphs, gone on with after any of their supersteps."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from agents.langgraph import graphs
from tenuto.agents.langgraph.graph import graph
from tenuto.sdk import NodeError, Suspended
from tenuto.testing.context import FakeContext

APPROVED = {"approved": True}


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    graphs.RAN.clear()


async def play(name: str, given: Any = None, ctx: FakeContext | None = None, **more: Any) -> Any:
    return await graph(f"agents.langgraph.graphs:{name}", given, **more, ctx=ctx or FakeContext())


async def asked(name: str, ctx: FakeContext, given: Any = None) -> Suspended:
    with pytest.raises(Suspended) as suspended:
        await play(name, given if given is not None else {"topic": "tea"}, ctx)
    return suspended.value


def told(ctx: FakeContext, **answers: Any) -> FakeContext:
    """The next attempt, after these answers: `interrupt_1={…}`."""
    return FakeContext(
        steps=ctx.steps, signals={f"node/{key.replace('_', ':')}": said for key, said in answers.items()}
    )


class TestAnswers:
    async def test_the_answer_is_the_graphs_output_as_json(self) -> None:
        """Messages are in the words of agents."""
        answer = await play("talking", {"messages": [{"role": "user", "content": "hello"}]})

        assert answer["messages"][:2] == [
            {"role": "user", "content": "hello"},
            {"role": "assistant", "content": "you said hello"},
        ]

    async def test_a_graph_that_was_not_compiled_is(self) -> None:
        assert (await asked("uncompiled", FakeContext())).key == "interrupt:1"

    async def test_config_stage_and_context_reach_the_graphs_nodes(self) -> None:
        answer = await play(
            "reads_config", {}, config={"configurable": {"color": "red"}}, context={"city": "Ghent"}, stage="prod"
        )

        said = answer["answers"][0]
        assert (said["color"], said["stage"], said["city"], said["thread_id"]) == (
            "red",
            "prod",
            "Ghent",
            "test-run/node",
        )

    async def test_nothing_is_traced_whatever_the_environment_says(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """LangGraph phones nobody."""
        monkeypatch.setenv("LANGSMITH_TRACING", "true")
        monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")

        answer = await play("reads_config", {}, context={"city": "Ghent"})

        assert answer["answers"][0]["traced"] is False

    async def test_what_a_node_writes_to_its_stream_is_seen(self) -> None:
        ctx = FakeContext()

        await play("reads_config", {}, ctx, context={"city": "Ghent"})

        assert ctx.deltas == [{"custom": {"half": "way"}}]


class TestGoingOn:
    async def test_after_any_record_it_goes_on_at_the_superstep_where_it_was(self) -> None:
        """I5: whatever a crash has left of the record, no node whose result stands in it runs again."""
        ctx = told(FakeContext(), interrupt_1=APPROVED)
        whole = await play("report", {"topic": "tea"}, ctx)
        records = list(ctx.steps.items())

        for length in range(len(records) + 1):
            graphs.RAN.clear()
            known = dict(records[:length])
            again = FakeContext(steps=known, signals={"node/interrupt:1": APPROVED})
            assert await play("report", {"topic": "tea"}, again) == whole
            assert not _done_in(known) & set(graphs.RAN)

    async def test_a_subgraph_goes_on_where_it_was(self) -> None:
        ctx = FakeContext()
        waits = await asked("nested", ctx)
        graphs.RAN.clear()

        answer = await play("nested", {"topic": "tea"}, told(ctx, interrupt_1=APPROVED))

        assert waits.awaits["ask"]["show"] == ["plan of tea", "part 1", "part 2", "part 3"]
        assert graphs.RAN == ["check", "write", "write"]
        assert answer["text"].startswith("plan of tea, part 1")

    async def test_values_that_are_no_json_come_back_as_they_were(self, caplog: pytest.LogCaptureFixture) -> None:
        """Types of the graph's own schema, through LangGraph's serializer, which is strict."""
        ctx = FakeContext()
        whole = await play("odd", {}, ctx)
        records = dict(list(ctx.steps.items())[:-2])
        graphs.RAN.clear()

        answer = await play("odd", {}, FakeContext(steps=records))

        assert graphs.RAN == ["see_odd"]
        assert answer["seen"] == whole["seen"] == [1]
        assert caplog.records == []

    async def test_a_conversation_is_not_written_again_with_every_turn(self) -> None:
        """What grew is recorded as what was added."""
        ctx = FakeContext()
        await play("talking", {"messages": [{"role": "user", "content": "long " * 1000}]}, ctx)

        texts = [json.dumps(step) for key, step in ctx.steps.items() if key.startswith("checkpoint:")]

        assert sum(text.count("long long long ") > 0 and '"kind": "checkpoint"' in text for text in texts) <= 5

    async def test_a_graph_that_is_invoked_by_a_plain_function_is_part_of_it(self) -> None:
        assert (await play("calling", {"topic": "tea"}))["text"] == "plan of tea"

    async def test_a_blocking_call_in_an_async_node_says_what_to_write_instead(self) -> None:
        with pytest.raises(NodeError, match="await `ainvoke`"):
            await play("calling_wrongly", {"topic": "tea"})


class TestAsking:
    async def test_an_interrupt_suspends_the_run_and_is_shown_in_its_own_words(self) -> None:
        suspended = await asked("report", FakeContext())

        assert suspended.signal == "node/interrupt:1"
        assert suspended.awaits["ask"]["question"] == "Shall it go out?"

    async def test_the_answer_decides_the_branch(self) -> None:
        ctx = FakeContext()
        await asked("report", ctx)

        answer = await play("report", {"topic": "tea"}, told(ctx, interrupt_1={"approved": False, "comment": "no"}))

        assert "text" not in answer
        assert answer["answers"] == [{"approved": False, "comment": "no"}]

    async def test_a_node_that_asks_twice_is_answered_twice(self) -> None:
        """Of an answer to a form the graph is given the form, else the signal as it came."""
        ctx = FakeContext()
        assert (await asked("asking", ctx)).awaits["ask"] == {"question": "Your name?"}
        ctx = told(ctx, interrupt_1="Ada")
        second = await asked("asking", ctx)
        ctx = told(ctx, interrupt_1="Ada", interrupt_2={"approved": True, "form": {"age": 36}})

        answer = await play("asking", {"topic": "tea"}, ctx)

        assert (second.key, second.awaits["ask"]["form"]) == ("interrupt:2", {"type": "object"})
        assert answer["answers"] == ["Ada", {"age": 36}]

    async def test_branches_that_ask_side_by_side_each_get_their_own_answer(self) -> None:
        ctx = FakeContext()
        first = await asked("asking_beside", ctx)
        second = await asked("asking_beside", told(ctx, interrupt_1="l"))
        said = {first.awaits["ask"]["question"]: "l", second.awaits["ask"]["question"]: "r"}

        answer = await play("asking_beside", {"topic": "tea"}, told(ctx, interrupt_1="l", interrupt_2="r"))

        assert answer["answers"] == [said["Left?"], said["Right?"]]

    @pytest.mark.parametrize(("name", "pause"), [("breaks_before", "pause:1"), ("breaks_after", "pause:1")])
    async def test_a_breakpoint_waits_for_a_yes(self, name: str, pause: str) -> None:
        """Also where a crash came between the checkpoint and the wait."""
        ctx = FakeContext()
        first = await asked(name, ctx)
        graphs.RAN.clear()
        again = await asked(name, FakeContext(steps=ctx.steps))

        assert (first.key, again.key, graphs.RAN) == (pause, pause, [])
        assert (await asked(name, told(ctx, pause_1=APPROVED))).key == "interrupt:1"

    async def test_a_breakpoint_that_is_refused_ends_the_node(self) -> None:
        ctx = FakeContext()
        await asked("breaks_before", ctx)

        with pytest.raises(NodeError, match="stopped by a person before work"):
            await play("breaks_before", {"topic": "tea"}, told(ctx, pause_1={"approved": False}))


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("graphs", "write `my_module:"),
            ("os:system", "holds nothing of yours"),
            ("tenuto.sdk:node", "holds nothing of yours"),
            ("langgraph.graph:StateGraph", "holds nothing of yours"),
            ("no_such_module:graph", "there is no module `no_such_module`"),
            ("agents.langgraph.graphs:nowhere", "is not there"),
            ("agents.langgraph.graphs:not_a_graph", "is a dict"),
            ("agents.langgraph.graphs:plan", "is a function"),
        ],
    )
    async def test_what_names_no_graph_is_refused_in_a_sentence(self, name: str, why: str) -> None:
        """And never called."""
        with pytest.raises(NodeError, match=why) as refused:
            await graph(name, {}, ctx=FakeContext())

        assert refused.value.retry is False

    async def test_a_config_that_json_cannot_say_is_refused(self) -> None:
        with pytest.raises(NodeError, match="`config` has no `callbacks`"):
            await play("report", {}, config={"callbacks": []})

    async def test_a_graph_that_turns_in_circles_ends(self) -> None:
        with pytest.raises(NodeError, match="Recursion limit of 7") as ended:
            await play("endless", {}, config={"recursion_limit": 7})

        assert (ended.value.type, ended.value.retry) == ("graph", False)


def _done_in(steps: Mapping[str, Any]) -> set[str]:
    """The nodes whose results are on record."""
    done: set[str] = set()
    for step in steps.values():
        for channel, value in step.get("writes", ()):
            if channel == "parts":
                done.add("plan" if value[0].startswith("plan") else value[0].replace("part", "work"))
            elif channel in {"answers", "text"}:
                done.add({"answers": "check", "text": "write"}[channel])
    return done
