"""R13: results, cancels, timeouts and signals in every order. What ended stays as it ended."""

import asyncio
from itertools import permutations
from typing import Any

import pytest

from hosts.local.harness import LocalHarness, opened
from tenuto.ports.engine import Refused, StartRequest
from tenuto.sdk import node
from tenuto.sdk.definition import definition_of
from tenuto.stores.memory import MemoryJournal
from tenuto.testing.host_conformance import flow_of, library, node_type
from tenuto.testing.invariants import check

EVENTS = ("result", "cancel", "timeout", "signal")
TERMINAL = {"run.succeeded", "run.failed", "run.cancelled"}


class Scene:
    """A run with one node that answers when it is let, on a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.gate = asyncio.Event()
        self.journal = MemoryJournal()

    def nodes(self) -> Any:
        @node("late.node")
        async def late() -> str:
            while not self.gate.is_set():
                try:
                    await self.gate.wait()
                except asyncio.CancelledError:  # deaf: its result comes whenever it comes
                    continue
            return "late"

        definition = definition_of(late)
        assert definition is not None
        return {definition.name: definition}

    async def happen(self, harness: LocalHarness, run: str, event: str) -> None:
        try:
            if event == "result":
                self.gate.set()
            elif event == "cancel":
                await harness.host.cancel(run)
            elif event == "timeout":
                self.now += 100
                harness.host.services.timers.check()
            else:
                await harness.host.signal(run, "go", "now")
        except Refused as refused:
            assert refused.code == "ended"  # noqa: PT017  it may be refused, then for this
        for _ in range(20):
            await asyncio.sleep(0)

    def rows(self, run: str) -> list[tuple[int, str, bytes]]:
        return [(row.seq, row.type, row.body) for row in self.journal._facts[run]]


@pytest.mark.parametrize("order", list(permutations(EVENTS)), ids="-".join)
async def test_a_terminal_state_never_changes(order: tuple[str, ...]) -> None:
    """All 24 orders: what comes after the end changes nothing, and there is one end."""
    scene = Scene()
    nodes = scene.nodes()
    types = {**library(), **{name: node_type(each) for name, each in nodes.items()}}
    document = {
        "timeout": "60s",
        "nodes": {"a": {"use": "late.node"}, "b": {"use": "wait", "with": {"signal": "go"}}},
        "output": "${a + b}",
    }
    flow = flow_of("late", document, types)
    async with opened(scene.journal, nodes=nodes, clock=lambda: scene.now) as harness:
        run = await harness.host.start(StartRequest(flow))
        ended: list[Any] | None = None
        for event in order:
            await scene.happen(harness, run, event)
            if ended is not None:
                assert scene.rows(run) == ended
            elif scene.rows(run)[-1][1] in TERMINAL:
                ended = scene.rows(run)
        outcome = await asyncio.wait_for(harness.outcome(run), 2)
        recorded = list(await harness.facts(run))

    assert check({run: recorded}, flows={run: flow}) == []
    assert recorded[-1][1].type == f"run.{outcome.status}"
    if order.index("cancel") > 1 and {order[0], order[1]} == {"result", "signal"}:
        assert outcome.output == "latenow"
