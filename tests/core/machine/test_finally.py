"""`finally`: what runs last, whatever happened (SEMANTICS 15)."""

import pytest

from .drive import WORK, drive, given, running, stopping, timers, types_of, work

FINALLY = {"nodes": {"tidy": work(**{"with": {"status": "${run.status}", "error": "${run.error}"}})}}


def ended(how: str):
    """A run of `a` and `b` that is about to open its `finally`."""
    driver = drive({"a": WORK, "b": WORK}, **{"finally": FINALLY, "timeout": "1h"})
    if how == "succeeded":
        driver.succeed("a")
        driver.succeed("b")
    elif how == "failed":
        driver.fail("a", "broken", "broke")
        driver.run()
    elif how == "cancelled":
        driver.cancel()
        driver.run()
    else:
        driver.advance(3600)
        driver.run()
    return driver


@pytest.mark.parametrize(
    ("how", "status", "kind"),
    [
        ("succeeded", "succeeded", None),
        ("failed", "failed", "broken"),
        ("cancelled", "cancelled", "cancelled"),
        ("timeout", "failed", "timeout"),
    ],
)
def test_it_runs_after_everything_else_and_sees_how_it_ended(how: str, status: str, kind: str | None):
    """SEMANTICS 15: also after failure, timeout and cancel; it sees `run.status` and `run.error`."""
    driver = ended(how)

    assert running(driver) == ["tidy"]
    seen = given(driver, "tidy")
    assert seen["status"] == status
    assert (seen["error"] or {}).get("type") == kind
    driver.succeed("tidy")
    assert driver.status == status
    assert (driver.error or {}).get("type") == kind


def test_it_waits_until_what_was_stopped_has_answered():
    """SEMANTICS 15: after everything else settled."""
    driver = drive({"a": WORK, "b": WORK}, **{"finally": FINALLY})

    driver.fail("a")

    assert stopping(driver) == ["b"]
    assert running(driver) == []


def test_its_own_failure_is_recorded_and_changes_nothing():
    """SEMANTICS 15: its own failure is recorded but does not change the outcome; the others go on."""
    last = {"nodes": {"x": WORK, "y": WORK}}
    driver = drive({"a": WORK}, output="${a}", **{"finally": last})
    driver.succeed("a", "fine")

    driver.fail("x")
    assert running(driver) == ["y"]
    driver.succeed("y")

    assert (driver.status, driver.output) == ("succeeded", "fine")
    assert "node.failed" in types_of(driver)


def test_its_nodes_may_wait_for_each_other():
    """SEMANTICS 15: a body like any other."""
    last = {"nodes": {"x": WORK, "y": work(after=["x"]), "z": work(after=["x.error"])}}
    driver = drive({"a": {"use": "set", "with": {"value": 1}}}, **{"finally": last})

    driver.fail("x")

    assert running(driver) == ["z"]
    assert driver.node("y").status == "skipped"


def test_it_sees_the_nodes_of_the_flow():
    """SEMANTICS 15: whatever came of them."""
    last = {"nodes": {"x": work(**{"with": {"value": "${[a ?? 'none', b ?? 'none']}"}})}}
    driver = drive({"a": WORK, "b": work(after=["a"])}, **{"finally": last})
    driver.succeed("a", 1)

    driver.fail("b")

    assert given(driver, "x") == {"value": [1, "none"]}


def test_it_has_a_grace_of_its_own():
    """SEMANTICS 15: default 5 minutes; then what runs is stopped and the outcome stands."""
    driver = ended("succeeded")
    assert timers(driver)["run.finally"] == 300

    driver.advance(300)
    assert stopping(driver) == ["tidy"]
    driver.run()

    assert driver.status == "succeeded"
    assert driver.node("tidy").status == "cancelled"


def test_the_runs_timeout_does_not_cut_it():
    """SEMANTICS 15: it has a grace of its own."""
    driver = drive({"a": WORK}, **{"finally": FINALLY, "timeout": "1m"})
    driver.advance(59)
    driver.succeed("a")

    driver.advance(30)

    assert running(driver) == ["tidy"]
    driver.succeed("tidy")
    assert driver.status == "succeeded"


def test_a_cancel_while_it_runs_neither_cuts_it_nor_changes_the_outcome():
    """SEMANTICS 15: the outcome is decided."""
    driver = ended("failed")

    driver.cancel()

    assert running(driver) == ["tidy"]
    driver.succeed("tidy")
    assert driver.status == "failed"


def test_a_crash_while_it_runs_goes_on_there():
    """SEMANTICS 30: which nodes are left follows from the facts."""
    driver = ended("failed")

    driver.crash()

    assert running(driver) == ["tidy"]
    assert given(driver, "tidy")["error"]["type"] == "broken"


def test_it_runs_when_the_output_cannot_be_made():
    """SEMANTICS 14, 15: the output is asked before; an error there is a failure."""
    driver = drive({"a": WORK}, output="${a.missing}", **{"finally": FINALLY})

    driver.succeed("a", {})

    assert given(driver, "tidy")["status"] == "failed"


def test_a_queued_run_that_is_cancelled_has_no_finally():
    """SEMANTICS 26: a queued run is cancelled at once; nothing of it ran."""
    from tenuto.testing.driver import Driver

    driver = Driver({"flow": "f", "nodes": {"a": {"use": "work"}}, "finally": FINALLY}).queue()

    driver.cancel()

    assert driver.status == "cancelled"
