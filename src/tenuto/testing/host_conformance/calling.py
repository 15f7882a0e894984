"""Runs that call others: their results, failures and questions, and what reaches them."""

import asyncio

from tenuto.core.machine import PAUSE, RESUME
from tenuto.testing.host_conformance.play import Case, Play, echo

_ASKS = {
    "nodes": {"ok": {"use": "approval", "with": {"question": "Go?"}}, "after": echo("${ok.comment}")},
    "output": "${after}",
}


async def _child_of(play: Play) -> Play:
    """The run that was called, when it waits."""
    while not await play.of("child.started"):  # noqa: ASYNC110  a journal has no event to wait for
        await asyncio.sleep(0.01)
    (started,) = await play.of("child.started")
    child = Play(play.harness, started.run, play.flow, play.flows)
    while not await child.facts():  # noqa: ASYNC110  its parent names it before it begins
        await asyncio.sleep(0.01)
    await child.until("waiting")
    return child


async def _approve_in_the_child(play: Play) -> None:
    child = await _child_of(play)
    await play.until("waiting")
    await child.signal("ok", {"approved": True, "comment": "fine"})


async def _approve_two_levels_down(play: Play) -> None:
    inner = await _child_of(await _child_of(play))
    await play.until("waiting")
    await inner.signal("ok", {"approved": True, "comment": "deep"})


async def _pause_with_child(play: Play) -> None:
    child = await _child_of(play)
    await play.signal(PAUSE)
    await child.signal("ok", {"approved": True, "comment": "fine"})
    assert await child.of("node.succeeded", "after") == []
    await play.signal(RESUME)


async def _cancel_with_child(play: Play) -> None:
    await _child_of(play)
    await play.cancel()


async def _child_is_recorded(play: Play) -> None:
    (started,), (finished,) = await play.of("child.started"), await play.of("child.finished")
    assert started.run == finished.run
    child = await play.harness.outcome(started.run)
    assert (child.status, child.output) == ("succeeded", 42)


async def _child_is_cancelled(play: Play) -> None:
    (started,) = await play.of("child.started")
    assert (await play.harness.outcome(started.run)).status == "cancelled"


CASES: tuple[Case, ...] = (
    Case(
        "call",
        {
            "nodes": {"sub": {"use": "call", "with": {"flow": "double", "input": {"n": 21}}}},
            "output": "${sub}",
        },
        output=42,
        flows={"double": {"input": {"n": "integer"}, "nodes": {"a": echo("${input.n * 2}")}, "output": "${a}"}},
        then=_child_is_recorded,
    ),
    Case(
        "a-failed-child-fails-its-caller",
        {"nodes": {"sub": {"use": "call", "with": {"flow": "bad"}}}},
        status="failed",
        error="refused",
        flows={"bad": {"nodes": {"a": {"use": "test.fail"}}}},
    ),
    Case(
        "a-child-that-cannot-be-started-fails-its-caller",
        {
            "nodes": {
                "wrong": {"use": "call", "with": {"flow": "picky", "input": {"n": "x"}}},
                "absent": {"use": "call", "with": {"flow": "nowhere"}},
                "end": echo(["${wrong.error.type}", "${absent.error.type}"]),
            },
            "output": "${end}",
        },
        output=["input", "call"],
        flows={"picky": {"input": {"n": "integer"}, "nodes": {"a": echo("${input.n * 2}")}}},
    ),
    Case(
        "cancel-cascades-to-children",
        {"nodes": {"sub": {"use": "call", "with": {"flow": "asks"}}}},
        status="cancelled",
        error="cancelled",
        flows={"asks": {"nodes": {"ok": {"use": "approval", "with": {"question": "Go?"}}}}},
        act=_cancel_with_child,
        then=_child_is_cancelled,
    ),
    Case(
        "a-run-waits-while-its-child-does",
        {"nodes": {"sub": {"use": "call", "with": {"flow": "asks"}}}, "output": "${sub}"},
        output="fine",
        flows={"asks": _ASKS},
        act=_approve_in_the_child,
    ),
    Case(
        "a-question-two-levels-down-is-answered-there",
        {"nodes": {"sub": {"use": "call", "with": {"flow": "middle"}}}, "output": "${sub}"},
        output="deep",
        flows={"asks": _ASKS, "middle": {"nodes": {"c": {"use": "call", "with": {"flow": "asks"}}}, "output": "${c}"}},
        act=_approve_two_levels_down,
    ),
    Case(
        "a-pause-reaches-children",
        {"nodes": {"sub": {"use": "call", "with": {"flow": "asks"}}}, "output": "${sub}"},
        output="fine",
        flows={"asks": _ASKS},
        act=_pause_with_child,
    ),
)
