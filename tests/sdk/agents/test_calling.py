"""What the caller of tools keeps in mind from one call to the next, beside what the suite of runtimes asks."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from tenuto.sdk import NodeError, Suspended
from tenuto.sdk.agents import Agent, ToolCall, Work
from tenuto.sdk.agents.calling import SAME_ASKED, SAME_TOLD
from tenuto.sdk.agents.desk import Desk
from tenuto.sdk.errors import InDoubt
from tenuto.testing.agents import FakeHouse, FakeTool
from tenuto.testing.context import FakeContext

SEND: ToolCall = {"id": "1", "name": "mail_send", "arguments": {}}
READ: ToolCall = {"id": "2", "name": "web_read", "arguments": {}}
LOOK: ToolCall = {"id": "3", "name": "files_look", "arguments": {}}


async def desk(*tools: FakeTool, ctx: FakeContext | None = None, **more: Any) -> Desk:
    agent = Agent(name="main", prompt="p", version="1", tools=tuple(tool.name for tool in tools), **more)
    context = ctx or FakeContext(agents=FakeHouse([agent], tools=tools))
    return await Desk.open(Work(agent=agent, task="t"), context)


def tool(name: str, function: Callable[..., Any] = lambda: "ok", **more: Any) -> FakeTool:
    return FakeTool(name, function, **more)


async def answer(opened: Desk, call: ToolCall) -> str:
    """To a call that the model asks for alone."""
    opened.caller.expect([call])
    return str((await opened.caller.call_all([call]))[0]["content"])


async def waits(opened: Desk, call: ToolCall) -> dict[str, Any]:
    """What is asked of a person before the call."""
    with pytest.raises(Suspended) as waiting:
        await answer(opened, call)
    return dict(waiting.value.ask)


class TestRepeating:
    async def test_the_same_call_with_the_same_answer_is_told_then_stopped(self) -> None:
        """SECURITY 100."""
        opened = await desk(tool("mail:send"))
        said = [await answer(opened, SEND) for _ in range(SAME_ASKED)]

        ask = await waits(opened, SEND)

        assert said[SAME_TOLD - 2] == "ok"
        assert "3 times" in said[SAME_TOLD - 1]
        assert "5 times" in ask["why"]

    async def test_another_answer_is_another_matter(self) -> None:
        """Who polls may go on for as long as its turns last."""
        numbers = iter(range(100))
        opened = await desk(tool("mail:send", lambda: next(numbers)))

        said = [await answer(opened, SEND) for _ in range(10)]

        assert said == [str(number) for number in range(10)]


class TestDoubt:
    async def test_a_call_that_may_have_happened_is_for_a_person_to_decide(self) -> None:
        """A `once` tool that did not answer in time: no answer is on record, and no other such call begins before that."""
        made: list[str] = []

        async def hang() -> None:
            made.append("mail")
            await asyncio.sleep(5)

        opened = await desk(tool("mail:send", hang, effects="once", timeout=0.02))

        with pytest.raises(InDoubt, match=r"called mail:send .* may have happened: .* within 0.02 s"):
            await answer(opened, SEND)
        with pytest.raises(InDoubt):
            await opened.caller.call({**SEND, "id": "another"})

        assert made == ["mail"]
        assert cast("FakeContext", opened.standing.ctx).steps == {}

    async def test_a_call_that_may_be_repeated_leaves_no_doubt(self) -> None:
        async def hang() -> None:
            await asyncio.sleep(5)

        opened = await desk(tool("web:read", hang, timeout=0.02))

        assert "did not answer" in str(await answer(opened, READ))


class TestStrangers:
    async def test_after_reading_strangers_sending_needs_a_person(self) -> None:
        """SECURITY 96."""
        opened = await desk(tool("web:read", trusted=False), tool("mail:send", sends=True))
        await answer(opened, SEND)
        await answer(opened, READ)

        assert "strangers" in (await waits(opened, SEND))["why"]

    async def test_reading_on_is_free_until_something_private_was_read(self) -> None:
        """An address can carry a document out."""
        web = tool("web:read", trusted=False, sends=True)
        opened = await desk(web, tool("files:look"))
        await answer(opened, READ)
        await answer(opened, READ)
        await answer(opened, LOOK)

        assert "strangers" in (await waits(opened, READ))["why"]

    async def test_a_call_that_was_made_on_the_way_here_is_not_asked_about_again(self) -> None:
        """A run that goes on does not wait where it had not waited."""
        made = {"call:1": {"tool": "web:read", "status": "answered", "ms": 1, "answer": "x"}}
        made["call:2"] = {**made["call:1"], "tool": "mail:send"}
        tools = tool("web:read", trusted=False), tool("mail:send", sends=True)
        house = FakeHouse(tools=tools)
        opened = await desk(*tools, ctx=FakeContext(agents=house, steps=made))

        await answer(opened, READ)
        assert await answer(opened, SEND) == "x"


class TestTurns:
    async def test_who_calls_one_at_a_time_has_the_whole_turn_made_as_it_should_be(self) -> None:
        """The call that needs a person comes last, though the framework asks for it first."""
        made: list[str] = []
        opened = await desk(
            tool("mail:send", lambda: made.append("send")),
            tool("web:read", lambda: made.append("read")),
            approve=("mail:send",),
        )
        opened.caller.expect([SEND, READ])

        with pytest.raises(Suspended):
            await opened.caller.call(SEND)

        assert made == ["read"]

    async def test_two_tools_of_one_name_to_a_model_are_refused(self) -> None:
        """SECURITY 95: one would shadow the other."""
        with pytest.raises(NodeError, match="both `a_b`"):
            await desk(tool("a:b"), tool("a/b"))

    async def test_what_cannot_be_read_is_never_called(self) -> None:
        made: list[str] = []
        opened = await desk(tool("mail:send", lambda: made.append("send")))

        said = await opened.caller.call_all([{**SEND, "wrong": "it is no JSON"}])

        assert "it is no JSON" in str(said[0]["content"])
        assert made == []

    async def test_what_a_person_said_came_of_a_call_in_doubt_is_its_answer(self) -> None:
        """SEMANTICS 23: `{decision: done, output}` may be anything."""
        ctx = FakeContext(agents=FakeHouse(tools=[tool("mail:send")]), steps={"call:1": "it went out"})
        opened = await desk(tool("mail:send"), ctx=ctx)

        assert await answer(opened, SEND) == "it went out"


class TestGoingOn:
    """What is on record holds, whatever has become of the tools since."""

    async def again(self, first: Desk, *tools: FakeTool, calls: list[ToolCall]) -> tuple[list[str], list[str]]:
        """What the calls are answered the first time, and by a process that has these tools."""
        before = [await answer(first, call) for call in calls]
        steps = cast("FakeContext", first.standing.ctx).steps
        second = await desk(*tools, ctx=FakeContext(agents=FakeHouse(tools=tools), steps=steps))
        return before, [await answer(second, call) for call in calls]

    async def test_a_tool_that_is_gone_has_answered_all_the_same(self) -> None:
        """Also one that brought what strangers wrote: that is remembered, too."""
        first = await desk(tool("web:read", lambda: "Obey!", trusted=False))
        mail = tool("mail:send", sends=True)

        before, after = await self.again(first, mail, calls=[READ])

        assert after == before
        assert "<data" in before[0]

    async def test_a_call_that_was_refused_stays_refused(self) -> None:
        """The tool has come since, and its arguments would fit now."""
        made: list[str] = []
        first = await desk(tool("files:look", parameters={"type": "object", "required": ["a"]}))
        both = tool("files:look", lambda: made.append("look")), tool("mail:send", lambda: made.append("send"))

        before, after = await self.again(first, *both, calls=[LOOK, SEND])

        assert after == before
        assert "there is no tool" in before[1]
        assert made == []
