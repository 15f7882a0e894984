"""A run's view while it goes on and when it has ended: what no fact says is asked of the heart."""

from typing import Any

import pytest

from tenuto.cli.describe import wait_text, wait_todo
from tenuto.service.follow import follow
from tenuto.service.projection import RunView
from tenuto.testing.driver import Driver

ECHO: dict[str, Any] = {"use": "debug.echo", "with": {"value": 1}}
WAITERS: dict[str, Any] = {
    "flow": "waiters",
    "nodes": {
        "sleep": {"use": "debug.sleep"},
        "ok": {"use": "approval", "with": {"question": "Go on?"}},
        "go": {"use": "wait", "with": {"signal": "go"}},
        "each": {"use": "map", "over": [1, 2], "nodes": {"nap": {"use": "debug.sleep"}}},
        "later": {"use": "set", "after": ["sleep"], "with": {"value": 1}},
        "bad": {"use": "debug.fail"},
    },
}


def _view(driver: Driver) -> RunView:
    return follow(enumerate(driver.facts, 1), driver.flow).view()


def test_a_node_that_waits_for_a_person_or_a_signal_is_waiting() -> None:
    """SEMANTICS 36: no fact says that an approval waits; the heart does."""
    driver = Driver(WAITERS).start()

    nodes = _view(driver).nodes

    assert (nodes["ok"].status, nodes["go"].status, nodes["each"].status) == ("waiting", "waiting", "running")


@pytest.mark.parametrize("end", ["failed", "cancelled"])
def test_what_a_run_leaves_behind_is_cancelled_not_pending(end: str) -> None:
    """SEMANTICS 36: a run that has ended has no pending nodes; the view says what the heart says."""
    driver = Driver(WAITERS).start()

    driver.fail("bad") if end == "failed" else driver.cancel()
    driver.run()
    view = _view(driver)

    assert view.status == end
    left = {path: view.nodes[path].status for path in ("sleep", "ok", "go", "each", "later")}
    assert left == dict.fromkeys(left, "cancelled")
    assert {path: driver.state.nodes[path].status for path in left} == left
    assert view.nodes["ok"].ended_at == view.ended_at


def test_a_run_whose_budget_is_used_up_says_of_what_nothing_is_left() -> None:
    """What it could still spend is not told: more of it would not help."""
    driver = Driver(
        {"flow": "dear", "budget": {"tokens": 100, "usd": 1}, "nodes": {"a": ECHO, "b": {**ECHO, "after": ["a"]}}}
    ).start()

    driver.succeed("a", usage={"tokens": 150.0, "usd": 0.5})
    (wait,) = follow(enumerate(driver.facts, 1), driver.flow).waits()

    assert (wait.kind, wait.ask) == ("budget", {"used": {"tokens": 150}, "limit": {"tokens": 100}})
    assert wait_text(wait, 0.0) == "its budget is used up: 150 of 100 tokens"
    assert wait_todo(wait, "dear") == """tenuto runs signal dear budget --data '{"add": {"tokens": 100}}'"""
