"""The flow that every crash test runs: twelve nodes, one of each kind of trouble, and what its effects leave outside."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tenuto.core.flow import Flow, read
from tenuto.sdk import Context, NodeDefinition, NodeError, node
from tenuto.sdk.definition import definition_of
from tenuto.testing import host_conformance, host_nodes

# What the world sees: called with (idempotency key, attempt).
Ledger = Callable[[str, int], Awaitable[None]]
EFFECTFUL = frozenset({"effect.call", "effect.once"})

CHILD: dict[str, Any] = {
    "input": {"n": "integer"},
    "nodes": {
        "double": {"use": "effect.call", "with": {"value": "${input.n * 2}"}},
        "rest": {"use": "wait", "after": ["double"], "with": {"for": "3ms"}},
    },
    "output": "${double}",
}

DOCUMENT: dict[str, Any] = {
    "input": {"n": "integer"},
    "nodes": {
        "plan": {"use": "effect.call", "with": {"value": "${input.n}"}},
        "big": {"use": "if", "with": {"condition": "${plan > 2}"}},
        "yes": {"use": "effect.call", "after": ["big.true"], "with": {"value": "${plan}"}},
        "no": {"use": "effect.call", "after": ["big.false"], "with": {"value": 0}},
        "each": {
            "use": "map",
            "over": "${[1, 2, 3]}",
            "nodes": {"work": {"use": "effect.call", "with": {"value": "${item + plan}"}}},
            "output": "${work}",
        },
        "grow": {
            "use": "loop",
            "carry": "${yes ?? no}",
            "max": 3,
            "nodes": {"more": {"use": "effect.call", "with": {"value": "${turn.value + 1}"}}},
            "output": "${more}",
        },
        "pause": {"use": "wait", "after": ["plan"], "with": {"for": "5ms"}},
        "ok": {"use": "approval", "after": ["pause"], "with": {"question": "Go on?"}},
        "mail": {"use": "effect.once", "after": ["ok.approved"], "with": {"value": "${grow}"}},
        "parts": {"use": "effect.parts", "after": ["ok.approved"]},
        "sub": {"use": "call", "with": {"flow": "child", "input": {"n": "${input.n}"}}},
        "end": {
            "use": "set",
            "with": {"value": "${[yes ?? no, each, grow, mail, parts, sub]}"},
        },
    },
    "output": "${end}",
}

OUTPUT = [5, [6, 7, 8], 8, 8, ["a", "b"], 10]
INPUT = {"n": 5}


def nodes(ledger: Ledger, slow: float = 0.0) -> Mapping[str, NodeDefinition]:
    """The flow's nodes; everything that they do to the world goes to this ledger."""

    @node("effect.call")
    async def call(value: int, *, ctx: Context) -> int:
        await ledger(ctx.idempotency_key, ctx.attempt)
        await asyncio.sleep(slow * _spread(ctx))
        return value

    @node("effect.once", effects="once")
    async def once(value: int, *, ctx: Context) -> int:
        await ledger(ctx.idempotency_key, ctx.attempt)
        await asyncio.sleep(slow * _spread(ctx))
        return value

    @node("effect.parts")
    async def parts(*, ctx: Context) -> list[str]:
        async def part(name: str) -> str:
            await ledger(f"{ctx.idempotency_key}#{name}", ctx.attempt)
            await asyncio.sleep(slow * _spread(ctx))
            return name

        first = await ctx.step("a", part, "a")
        second = await ctx.step("b", part, "b")
        if ctx.attempt > 1:
            raise NodeError("a crash is not an attempt")
        return [first, second]

    made = [definition_of(function) for function in (call, once, parts)]
    return {each.name: each for each in made if each is not None}


def _spread(ctx: Context) -> int:
    """So that results do not come together, and each gets a write of its own."""
    return sum(ctx.path.encode()) % 5


def flows() -> tuple[Flow, Flow]:
    """The reference flow and its child."""

    async def nowhere(key: str, attempt: int) -> None:
        del key, attempt

    types = host_conformance.library()
    own = nodes(nowhere)
    library = {**types, **{name: host_conformance.node_type(each) for name, each in own.items()}}
    return _flow("reference", DOCUMENT, library), _flow("child", CHILD, library)


def _flow(name: str, document: dict[str, Any], library: Any) -> Flow:
    flow, problems = read({"flow": name, **document}, library)
    assert flow is not None, problems
    return flow


def registry(ledger: Ledger, slow: float = 0.0) -> dict[str, NodeDefinition]:
    return {**host_nodes.definitions(), **nodes(ledger, slow)}
