"""What waits for a person, a signal, a time, more budget, the end of a pause; and cancelling it."""

from tenuto.core.machine import PAUSE, RESUME
from tenuto.testing.host_conformance.play import Case, Play, echo


async def _pause_in_the_middle(play: Play) -> None:
    await play.signal(PAUSE)
    await play.until("waiting")
    assert await play.of("node.succeeded", "b") == []
    assert await play.of("node.succeeded", "s") == []
    await play.signal(RESUME)


async def _answer_in_a_pause(play: Play) -> None:
    await play.until("waiting")
    await play.signal(PAUSE)
    await play.signal("ok", {"approved": True})
    assert len(await play.of("node.succeeded", "ok")) == 1
    assert await play.of("node.succeeded", "b") == []
    await play.signal(RESUME)


async def _cancel_in_a_pause(play: Play) -> None:
    await play.signal(PAUSE)
    await play.until("waiting")
    await play.cancel()


async def _approve(play: Play) -> None:
    await play.until("waiting")
    assert await play.refused("ok", {"nonsense": 1}) == "invalid"
    await play.signal("ok", {"approved": True, "comment": "fine"})
    assert await play.refused("ok", {"approved": False}) in {"answered", "ended"}


async def _send_go_twice(play: Play) -> None:
    await play.signal("go", 1)
    await play.signal("go", 2)


async def _answer(play: Play) -> None:
    await play.until("waiting")
    (suspended,) = await play.of("node.suspended")
    await play.signal(suspended.awaits["signal"], {"text": "yes"})


async def _cancel_when_running(play: Play) -> None:
    await play.until("waiting")
    await play.cancel()


async def _add_budget(play: Play) -> None:
    await play.until("waiting")
    assert len(await play.of("budget.exceeded")) == 1
    assert await play.of("node.succeeded", "b") == []
    await play.signal("budget", {"add": {"tokens": 1_000}})


async def _in_order(play: Play) -> None:
    timers = {fact.path: fact for fact in await play.of("timer.set")}
    fired = await play.of("timer.fired")
    assert [fact.path for fact in fired] == ["short", "long"]
    assert all(fact.at >= timers[fact.path].due for fact in fired)


CASES: tuple[Case, ...] = (
    Case(
        "approval",
        {
            "nodes": {
                "ok": {"use": "approval", "with": {"question": "Go?"}},
                "yes": echo("${ok.comment}", after=["ok.approved"]),
                "no": echo("no", after=["ok.rejected"]),
            },
            "output": "${yes ?? no}",
        },
        output="fine",
        act=_approve,
    ),
    Case(
        "an-approval-times-out",
        {
            "nodes": {
                "ok": {"use": "approval", "with": {"question": "Go?"}, "timeout": "30ms"},
                "late": echo("nobody came", after=["ok.timeout"]),
            },
            "output": "${late}",
        },
        output="nobody came",
    ),
    Case(
        "signals-are-kept-in-order",
        {
            "nodes": {
                "pause": {"use": "wait", "with": {"for": "50ms"}},
                "first": {"use": "wait", "after": ["pause"], "with": {"signal": "go"}},
                "second": {"use": "wait", "after": ["first"], "with": {"signal": "go"}},
            },
            "output": "${[first, second]}",
        },
        output=[1, 2],
        act=_send_go_twice,
    ),
    Case(
        "timers",
        {
            "nodes": {
                "long": {"use": "wait", "with": {"for": "120ms"}},
                "short": {"use": "wait", "with": {"for": "20ms"}},
            }
        },
        then=_in_order,
    ),
    Case(
        "suspend",
        {"nodes": {"a": {"use": "test.ask", "with": {"question": "Well?"}}}, "output": "${a.answer.text}"},
        output="yes",
        act=_answer,
    ),
    Case(
        "a-suspension-times-out",
        {"nodes": {"a": {"use": "test.ask", "with": {"question": "?", "seconds": 0.03}}}, "output": "${a.timeout}"},
        output=True,
    ),
    Case(
        "budget",
        {
            "budget": {"tokens": 100},
            "nodes": {
                "a": {"use": "test.spend", "with": {"tokens": 150}},
                "b": {"use": "test.spend", "after": ["a"], "with": {"tokens": 1}},
            },
            "output": "${b.usage.tokens}",
        },
        output=1,
        act=_add_budget,
    ),
    Case(
        "cancel",
        {"nodes": {"ok": {"use": "approval", "with": {"question": "Go?"}}, "b": echo("${ok}")}},
        status="cancelled",
        error="cancelled",
        act=_cancel_when_running,
    ),
    Case(
        "a-paused-run-ends-what-runs-and-starts-nothing",
        {
            "nodes": {
                "a": {"use": "test.sleep", "with": {"seconds": 0.05, "value": 1}},
                "s": {"use": "set", "with": {"value": "${a + 1}"}},
                "b": echo("${s + 1}"),
            },
            "output": "${b}",
        },
        output=3,
        act=_pause_in_the_middle,
    ),
    Case(
        "an-answer-in-a-pause-is-kept",
        {
            "nodes": {
                "ok": {"use": "approval", "with": {"question": "Go?"}},
                "b": echo("went", after=["ok.approved"]),
            },
            "output": "${b}",
        },
        output="went",
        act=_answer_in_a_pause,
    ),
    Case(
        "a-paused-run-can-be-cancelled",
        {"nodes": {"a": {"use": "test.sleep", "with": {"seconds": 0.03}}, "b": echo(1, after=["a"])}},
        status="cancelled",
        error="cancelled",
        act=_cancel_in_a_pause,
    ),
)
