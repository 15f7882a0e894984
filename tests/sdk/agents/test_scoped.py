"""A view of a context for what runs inside another node."""

from tenuto.sdk import Context, node
from tenuto.sdk.agents.scoped import Scoped
from tenuto.testing.context import FakeContext


@node("inner.echo")
async def echo(value: str, *, ctx: Context) -> str:
    """Say it."""
    return await ctx.step("said", lambda: value)


async def test_keys_carry_the_prefix_and_words_the_name_of_who_speaks() -> None:
    ctx = FakeContext(
        nodes=[echo],
        flows={"double": lambda value: value * 2},
        signals={"node/call:2/ok": "yes"},
        steps={"call:2/a": 1},
    )
    inner = Scoped(ctx, "call:2/", agent="helper")

    assert await inner.step("a", lambda: 2) == 1
    assert await inner.step("b", lambda: 3) == 3
    assert await inner.suspend("ok") == {"signal": "yes"}
    assert await inner.call_node("inner.echo", {"value": "x"}, key="c") == "x"
    assert await inner.call_flow("double", 4) == 8
    inner.stream({"text": "hm"})
    inner.stream("plain")
    inner.log("done", ms=1)

    assert [inner.recorded("a"), inner.recorded("never")] == [True, False]
    assert list(ctx.steps) == ["call:2/a", "call:2/b", "call:2/c/said", "call:2/c"]
    assert ctx.deltas == [{"agent": "helper", "text": "hm", "under": "call:2"}, "plain"]
    assert ctx.logs == [("done", {"agent": "helper", "ms": 1})]
    assert inner.idempotency_key == f"{ctx.idempotency_key}/call:2"
