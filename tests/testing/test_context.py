"""The fake context gives a node what a host gives, and shows what the node did."""

import asyncio
from typing import Any

import pytest

from tenuto.sdk import NodeError, Suspended
from tenuto.testing.context import FakeContext


def test_a_step_is_called_once_and_answers_from_its_record() -> None:
    """SEMANTICS 24: a recorded step is not called again when the node runs again."""
    calls: list[int] = []

    async def charge(amount: int) -> dict[str, int]:
        calls.append(amount)
        return {"charged": amount}

    first = FakeContext()
    assert asyncio.run(first.step("charge", charge, 5)) == {"charged": 5}
    again = FakeContext(steps=first.steps)
    assert asyncio.run(again.step("charge", charge, 5)) == {"charged": 5}

    assert calls == [5]


def test_what_is_on_record_is_known_before_it_is_asked_for() -> None:
    """SEMANTICS 24: a step, or an answer."""
    ctx = FakeContext(steps={"charge": 5}, signals={"node/ok": True})

    assert [ctx.recorded(key) for key in ("charge", "ok", "other")] == [True, True, False]


def test_a_key_that_is_asked_twice_is_an_error() -> None:
    """SEMANTICS 24: a duplicate key in one attempt."""

    async def twice(ctx: FakeContext) -> None:
        await ctx.step("a", int)
        await ctx.step("a", int)

    with pytest.raises(NodeError, match="the step `a` was asked twice"):
        asyncio.run(twice(FakeContext()))


def test_a_suspension_leaves_the_function_past_every_except() -> None:
    """User code that catches `Exception` does not swallow it."""

    async def careless(ctx: FakeContext) -> Any:
        try:
            return await ctx.suspend("ok", timeout=60, ask={"question": "go?"})
        except Exception:  # noqa: BLE001  the subject
            return "swallowed"

    with pytest.raises(Suspended) as caught:
        asyncio.run(careless(FakeContext()))

    assert caught.value.awaits == {"key": "ok", "signal": "node/ok", "seconds": 60, "ask": {"question": "go?"}}


def test_a_suspension_answers_when_its_signal_is_there() -> None:
    """Or when its time is over."""
    there = FakeContext(signals={"node/ok": {"approved": True}, "late": TimeoutError})

    assert asyncio.run(there.suspend("ok")) == {"signal": {"approved": True}}
    assert asyncio.run(there.suspend("x", signal="late")) == {"timeout": True}


def test_secrets_flows_and_files_are_what_the_test_gave() -> None:
    """What was not given is an error that says how to give it."""
    ctx = FakeContext(secrets={"key": "s"}, flows={"double": lambda value: value * 2})

    file = asyncio.run(ctx.files.put(b"abc", name="a.txt", media_type="text/plain"))

    assert ctx.secret("key") == "s"
    assert asyncio.run(ctx.call_flow("double", 4)) == 8
    assert asyncio.run(ctx.files.get(file)) == b"abc"
    assert asyncio.run(ctx.files.open(file)).read(2) == b"ab"
    with pytest.raises(NodeError, match="FakeContext\\(secrets"):
        ctx.secret("other")
    with pytest.raises(NodeError, match="FakeContext\\(flows"):
        asyncio.run(ctx.call_flow("other"))
    with pytest.raises(NodeError, match="no such file"):
        asyncio.run(ctx.files.get({"$file": "0"}))


def test_a_plain_function_waits_for_what_is_awaited() -> None:
    """`run_sync` is its bridge; the rest works as it stands."""
    ctx = FakeContext()

    assert ctx.run_sync(ctx.step("a", lambda: 3)) == 3
    ctx.log("said", n=1)
    ctx.stream("piece")
    assert (ctx.logs, ctx.deltas) == ([("said", {"n": 1})], ["piece"])
