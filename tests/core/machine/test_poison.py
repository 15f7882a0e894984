"""Runs that kill their owner (SEMANTICS 35; P12)."""

from .drive import WORK, drive, running, types_of, work


def test_three_resumes_in_a_row_without_a_new_result_fail_the_run():
    """SEMANTICS 35: with type `poison`."""
    driver = drive({"a": WORK})

    driver.crash()
    driver.crash()
    assert running(driver) == ["a"]
    driver.crash()
    driver.run()

    assert driver.status == "failed"
    assert driver.error is not None
    assert driver.error["type"] == "poison"


def test_a_result_begins_the_count_anew():
    """SEMANTICS 35: in a row."""
    driver = drive({"a": WORK, "b": WORK})
    driver.crash()
    driver.crash()

    driver.succeed("a")
    driver.crash()
    driver.crash()

    assert running(driver) == ["b"]


def test_a_step_is_a_result():
    """SEMANTICS 35: a long agent that goes forward is no poison."""
    driver = drive({"a": WORK})
    for turn in range(5):
        driver.step("a", f"llm:{turn}", turn)
        driver.crash()

    assert running(driver) == ["a"]


def test_leaving_in_order_is_no_sign_of_poison():
    """P13: unfinished attempts are handed back and not counted."""
    driver = drive({"a": WORK})

    for _ in range(5):
        driver.crash(clean=True)

    assert running(driver) == ["a"]


def test_a_run_that_only_waits_is_not_counted():
    """SEMANTICS 35: nothing of it was in flight, so it killed nobody."""
    driver = drive({"w": {"use": "wait", "with": {"signal": "go"}}})

    for _ in range(5):
        driver.crash()

    assert driver.status == "waiting"
    assert "run.resumed" not in types_of(driver)


def test_a_child_in_flight_is_no_work_of_this_run():
    """SEMANTICS 35: the child is counted by itself."""
    driver = drive({"c": {"use": "call", "with": {"flow": "child"}}})
    driver.begin("c")

    for _ in range(5):
        driver.crash()

    assert running(driver) == ["c"]


def test_finally_runs_after_poison():
    """SEMANTICS 15: whatever happened."""
    driver = drive({"a": WORK}, **{"finally": {"nodes": {"x": work(**{"with": {"why": "${run.error.type}"}})}}})

    for _ in range(3):
        driver.crash()
    driver.run()

    assert driver.command("x").input == {"why": "poison"}  # type: ignore[union-attr]


def test_the_epochs_are_recorded():
    """SEMANTICS 28: `run.resumed{epoch}`."""
    driver = drive({"a": WORK})

    driver.crash()
    driver.crash(clean=True)

    assert [fact.epoch for fact in driver.facts if fact.type == "run.resumed"] == [2, 3]  # type: ignore[union-attr]
