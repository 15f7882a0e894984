"""The nodes that the host conformance suite asks a host to serve. Each shows one promise; none needs a network or a disk."""

import asyncio
from collections.abc import Mapping
from typing import Any

from tenuto.sdk import Context, NodeDefinition, NodeError, Port, node
from tenuto.sdk.definition import definitions_in


@node("test.echo")
async def echo(value: Any = None) -> Any:
    """The value that it is given."""
    return value


@node("test.fail")
async def fail(message: str = "no", type: str = "refused", retry: bool = True) -> None:  # noqa: A002, FBT001, FBT002
    """Fail, always."""
    raise NodeError(message, type=type, retry=retry)


@node("test.flaky")
async def flaky(until: int, *, ctx: Context) -> dict[str, Any]:
    """Fail until this attempt; then say which one it was, and under which key."""
    if ctx.attempt < until:
        raise NodeError(f"attempt {ctx.attempt}", type="flaky")
    return {"attempt": ctx.attempt, "key": ctx.idempotency_key.partition("/")[2]}


@node("test.sleep")
async def sleep(seconds: float, value: Any = None) -> Any:
    """Wait, then give the value."""
    await asyncio.sleep(seconds)
    return value


@node("test.block")
def block(seconds: float, *, ctx: Context) -> str:
    """A plain function that holds its thread until it is told to stop."""
    import time

    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not ctx.cancelled:
        time.sleep(0.005)
    return "stopped" if ctx.cancelled else "done"


@node("test.branch", ports=("left", "right"))
async def branch(go: str) -> Port:
    """Fire the port of that name."""
    return Port(go, go.upper())


@node("test.mail", effects="once")
async def mail(text: str, seconds: float = 0) -> str:
    """An effect that must not happen twice."""
    await asyncio.sleep(seconds)
    return f"sent {text}"


@node("test.steps")
async def steps(fail_at: int = 0, *, ctx: Context) -> list[Any]:
    """Three steps; the first attempt fails after `fail_at` of them. Each step says in which attempt it was made."""
    made: list[Any] = []
    for number in (1, 2, 3):
        made.append(await ctx.step(f"part:{number}", _part, number, ctx.attempt if number > fail_at else 1))
        if number == fail_at and ctx.attempt == 1:
            raise NodeError("in the middle", type="flaky")
    return made


@node("test.ask")
async def ask(question: str, seconds: float | None = None, *, ctx: Context) -> Any:
    """Ask somebody, cost nothing meanwhile, and give the answer."""
    before = await ctx.step("before", _part, 0, 0)
    answer = await ctx.suspend("answer", timeout=seconds, ask={"question": question})
    return {"before": before, "answer": answer.get("signal"), "timeout": answer.get("timeout", False)}


@node("test.spend")
async def spend(tokens: int) -> dict[str, Any]:
    """Cost something."""
    return {"usage": {"tokens": tokens}}


async def _part(number: int, attempt: int) -> dict[str, int]:
    return {"part": number, "attempt": attempt}


def definitions() -> Mapping[str, NodeDefinition]:
    """All of them, by name: a registry."""
    import sys

    return definitions_in(sys.modules[__name__])
