"""Budgets: what a run may use (SEMANTICS 34)."""

import pytest

from tenuto.core.events import BudgetExceeded
from tenuto.testing.driver import Refused

from .drive import WORK, drive, running, types_of, work

BUDGET = {"usd": 1.0, "tokens": 1000}


def test_at_the_limit_nothing_new_starts_and_the_run_waits():
    """SEMANTICS 34: what runs goes on, what would start is held."""
    driver = drive({"a": WORK, "b": WORK, "c": work(after=["a"])}, budget=BUDGET)

    driver.succeed("a", usage={"usd": 1.0})

    assert running(driver) == ["b"]
    driver.succeed("b")
    assert driver.status == "waiting"
    exceeded = [fact for fact in driver.facts if isinstance(fact, BudgetExceeded)]
    assert [(fact.usage["usd"], fact.limit["usd"]) for fact in exceeded] == [(1.0, 1.0)]


def test_usage_rides_on_steps():
    """SEMANTICS 34: `step.recorded` counts; the node that runs is not stopped."""
    driver = drive({"a": WORK, "b": work(after=["a"])}, budget=BUDGET)
    driver.step("a", "llm:1", "x", usage={"tokens": 600})
    driver.step("a", "llm:2", "y", usage={"tokens": 600})
    assert running(driver) == ["a"]

    driver.succeed("a")

    assert running(driver) == []


def test_usage_rides_on_failures_and_attempts():
    """SEMANTICS 34: outcomes of every kind cost."""
    driver = drive({"a": work(retry={"attempts": 3})}, budget=BUDGET)

    driver.fail("a", usage={"usd": 2})
    driver.advance(60)

    assert running(driver) == []
    assert driver.status == "waiting"


def test_children_are_included():
    """SEMANTICS 34: what a child used is its parent's."""
    driver = drive({"c": {"use": "call", "with": {"flow": "child"}}, "b": work(after=["c"])}, budget=BUDGET)

    driver.succeed("c", usage={"tokens": 2000})

    assert running(driver) == []


def test_what_is_used_counts_once_over_a_crash():
    """R30: token cost is counted once."""
    driver = drive({"a": WORK, "b": work(after=["a"]), "c": work(after=["b"])}, budget=BUDGET)
    driver.succeed("a", usage={"usd": 0.6})

    driver.crash()
    driver.crash(clean=True)

    assert running(driver) == ["b"]


def test_more_lets_it_go_on():
    """SEMANTICS 34: signal `budget` `{add: {usd?, tokens?}}`."""
    driver = drive({"a": WORK, "b": work(after=["a"])}, budget=BUDGET)
    driver.succeed("a", usage={"usd": 1.5})

    driver.signal("budget", {"add": {"usd": 0.2}})
    assert running(driver) == []
    driver.signal("budget", {"add": {"usd": 1}})

    assert running(driver) == ["b"]


def test_what_was_added_survives_a_crash():
    """SEMANTICS 30: the signal is in the journal."""
    driver = drive({"a": WORK, "b": work(after=["a"])}, budget=BUDGET)
    driver.succeed("a", usage={"usd": 1.5})
    driver.signal("budget", {"add": {"usd": 1}})

    driver.crash()

    assert running(driver) == ["b"]


def test_waiting_for_a_budget_survives_a_crash():
    """SEMANTICS 30: what was held is held again."""
    driver = drive({"a": WORK, "b": work(after=["a"])}, budget=BUDGET)
    driver.succeed("a", usage={"usd": 1.5})

    driver.crash()

    assert running(driver) == []
    assert types_of(driver).count("budget.exceeded") == 1
    driver.signal("budget", {"add": {"usd": 1}})
    assert running(driver) == ["b"]


def test_stop_fails_the_run():
    """SEMANTICS 34: `{stop: true}`."""
    driver = drive({"a": WORK, "b": work(after=["a"])}, budget=BUDGET)
    driver.succeed("a", usage={"usd": 1.5})

    driver.signal("budget", {"stop": True})

    assert driver.status == "failed"
    assert driver.error is not None
    assert driver.error["type"] == "budget"


def test_stop_does_not_cut_finally():
    """SEMANTICS 15: the outcome is decided."""
    driver = drive({"a": WORK}, budget=BUDGET, **{"finally": {"nodes": {"x": WORK}}})
    driver.succeed("a")

    driver.signal("budget", {"stop": True})

    assert running(driver) == ["x"]
    driver.succeed("x")
    assert driver.status == "succeeded"


@pytest.mark.parametrize("body", [None, {}, {"add": {}}, {"add": {"usd": -1}}, {"add": {"pounds": 1}}, {"stop": False}])
def test_what_is_no_answer_is_refused(body: object):
    """SEMANTICS 34: `{add: …}` or `{stop: true}`."""
    driver = drive({"a": WORK}, budget=BUDGET)

    with pytest.raises(Refused) as refused:
        driver.signal("budget", body)

    assert refused.value.code == "invalid"


def test_nodes_that_cost_nothing_settle_all_the_same():
    """SEMANTICS 34: nothing new starts; what only computes is not held."""
    nodes = {"a": WORK, "s": {"use": "set", "after": ["a"], "with": {"value": 1}}}
    driver = drive(nodes, budget=BUDGET, output="${s}")

    driver.succeed("a", usage={"usd": 5})

    assert (driver.status, driver.output) == ("succeeded", 1)


def test_finally_runs_all_the_same():
    """SEMANTICS 15: whatever happened."""
    driver = drive({"a": WORK}, budget=BUDGET, **{"finally": {"nodes": {"x": WORK}}})

    driver.succeed("a", usage={"usd": 5})

    assert running(driver) == ["x"]


def test_a_run_that_is_over_its_budget_can_be_cancelled():
    """P8: what was held is cancelled at once."""
    driver = drive({"a": WORK, "b": work(after=["a"])}, budget=BUDGET)
    driver.succeed("a", usage={"usd": 5})

    driver.cancel()
    driver.run()

    assert driver.status == "cancelled"


def test_several_times_over_is_told_several_times():
    """SEMANTICS 28: after more was added, the next time is another fact."""
    driver = drive({"a": WORK, "b": work(after=["a"]), "c": work(after=["b"])}, budget=BUDGET)
    driver.succeed("a", usage={"usd": 1})
    driver.signal("budget", {"add": {"usd": 1}})

    driver.succeed("b", usage={"usd": 5})

    assert types_of(driver).count("budget.exceeded") == 2


def test_the_items_of_a_map_in_finally_run_all_the_same():
    """SEMANTICS 15: at any depth."""
    last = {"nodes": {"m": {"use": "map", "over": "${[1]}", "nodes": {"x": WORK}}}}
    driver = drive({"a": WORK}, budget=BUDGET, **{"finally": last})

    driver.succeed("a", usage={"usd": 5})

    assert running(driver) == ["m[0].x"]
