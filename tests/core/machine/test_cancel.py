"""Cancelling a run (SEMANTICS 26; P8)."""

from tenuto.core import inputs
from tenuto.testing.driver import Driver

from .drive import WORK, drive, running, stopping, timers, types_of, work


def test_what_runs_is_stopped_and_what_waits_is_cancelled_at_once():
    """SEMANTICS 26: cancel cascades to bodies."""
    inner = {"use": "map", "over": "${[1]}", "nodes": {"x": WORK, "y": work(after=["x"])}}
    driver = drive({"a": WORK, "b": work(after=["a"]), "w": {"use": "wait", "with": {"for": "1h"}}, "m": inner})

    driver.cancel("enough")

    assert sorted(stopping(driver)) == ["a", "m[0].x"]
    assert running(driver) == []
    assert timers(driver) == {}
    assert driver.node("b").status == driver.node("w").status == "cancelled"


def test_the_run_is_cancelled_when_all_have_answered():
    """P8: and not before; its error says why."""
    driver = drive({"a": WORK})
    driver.cancel("enough")
    assert driver.status == "running"

    driver.run()

    assert driver.status == "cancelled"
    assert driver.error is not None
    assert driver.error["type"] == "cancelled"
    assert "enough" in str(driver.error["message"])


def test_a_run_in_which_nothing_runs_is_cancelled_at_once():
    """P8: nobody has to answer."""
    driver = drive({"w": {"use": "wait", "with": {"signal": "go"}}})

    driver.cancel()

    assert driver.status == "cancelled"


def test_a_queued_run_is_cancelled_at_once():
    """SEMANTICS 26."""
    driver = Driver({"flow": "f", "nodes": {"a": {"use": "work"}}}).queue()

    driver.cancel()

    assert driver.status == "cancelled"
    assert types_of(driver)[-1] == "run.cancelled"


def test_results_before_the_end_are_recorded_but_start_nothing():
    """SEMANTICS 26."""
    driver = drive({"a": WORK, "b": WORK, "c": work(after=["a"])})
    driver.cancel()

    driver.succeed("a", 1)

    assert driver.node("a").status == "succeeded"
    assert running(driver) == []
    driver.run()
    assert driver.status == "cancelled"


def test_results_after_the_end_are_dropped():
    """SEMANTICS 26, R13."""
    driver = drive({"a": WORK})
    driver.cancel()
    driver.run()

    assert driver.tell(inputs.Succeeded(driver.now, "a", 1, "late")) == []
    assert driver.status == "cancelled"


def test_a_failure_while_stopping_is_not_retried():
    """SEMANTICS 26: nothing new starts."""
    driver = drive({"a": work(retry={"attempts": 5})})
    driver.cancel()

    driver.fail("a", "error", "stopped badly")

    assert driver.status == "cancelled"
    assert driver.node("a").status == "failed"


def test_a_waiting_retry_is_given_up():
    """SEMANTICS 26: its next attempt never comes."""
    driver = drive({"a": work(retry={"attempts": 2})})
    driver.fail("a")

    driver.cancel()

    assert driver.status == "cancelled"
    assert driver.node("a").status == "cancelled"


def test_a_second_cancel_changes_nothing():
    """SEMANTICS 26: asked once is enough."""
    driver = drive({"a": WORK})
    driver.cancel()

    before = len(driver.facts)
    driver.cancel()

    assert [kind for kind in types_of(driver)[before:] if kind != "cancel.requested"] == []
    assert stopping(driver) == ["a"]


def test_a_cancel_after_the_end_gives_no_facts():
    """P2: once a client could read the outcome, it never changes."""
    driver = drive({"a": {"use": "set", "with": {"value": 1}}})

    assert driver.tell(inputs.Cancel(driver.now)) == []
    assert driver.status == "succeeded"


def test_the_wish_survives_a_crash():
    """SEMANTICS 28: `cancel.requested` is a fact; the nodes are stopped again."""
    driver = drive({"a": WORK})
    driver.cancel()

    driver.crash()

    assert stopping(driver) == ["a"]
    driver.run()
    assert driver.status == "cancelled"


def test_early_signals_do_not_start_what_was_cancelled():
    """SEMANTICS 26: nothing starts."""
    driver = drive({"a": WORK, "w": {"use": "wait", "with": {"signal": "go"}}, "b": work(after=["w"])})
    driver.cancel()

    driver.tell(inputs.Signal(driver.now, "go"))

    assert running(driver) == []
    assert driver.node("w").status == "cancelled"


def test_a_child_whose_start_was_never_confirmed_is_cancelled_too():
    """SEMANTICS 26: cancel cascades to children, whatever is known of them."""
    driver = drive({"c": {"use": "call", "with": {"flow": "child"}}})

    driver.cancel()

    assert stopping(driver) == ["c"]
