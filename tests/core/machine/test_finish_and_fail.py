"""Ending a flow from inside (SEMANTICS 19)."""

from .drive import WORK, drive, running, stopping, work

FINISH = {"use": "finish", "with": {"output": "early"}}
FAIL = {"use": "fail", "with": {"message": "no good", "type": "bad"}}


def test_finish_ends_the_run_with_its_output():
    """SEMANTICS 19: what still runs there is cancelled; `output` is not asked."""
    driver = drive({"a": WORK, "b": WORK, "end": {**FINISH, "after": ["a"]}}, output="${b}")

    driver.succeed("a")
    assert stopping(driver) == ["b"]
    driver.run()

    assert (driver.status, driver.output) == ("succeeded", "early")
    assert driver.node("b").status == "cancelled"


def test_finish_without_output_gives_null():
    """Nothing is made up."""
    driver = drive({"end": {"use": "finish"}}, output="never")

    assert (driver.status, driver.output) == ("succeeded", None)


def test_nothing_starts_after_finish():
    """SEMANTICS 19: it has ended."""
    driver = drive({"a": WORK, "end": {**FINISH, "after": ["a"]}, "late": work(after=["a"])})

    driver.succeed("a")
    driver.run()

    assert driver.status == "succeeded"
    assert running(driver) == []


def test_finish_in_an_item_ends_that_item_alone():
    """SEMANTICS 19: the flow they stand in: item, turn, child or run."""
    nodes = {
        "x": WORK,
        "end": {**FINISH, "after": ["x"], "when": "${item == 1}"},
        "y": work(after=["x"]),
    }
    driver = drive({"m": {"use": "map", "over": "${[1, 2]}", "nodes": nodes, "output": "${y}"}}, output="${m}")

    for index in (0, 1):
        driver.succeed(f"m[{index}].x")
    driver.run()
    driver.succeed("m[1].y", "late")

    assert driver.output == ["early", "late"]


def test_fail_fails_the_run_with_its_message_and_type():
    """SEMANTICS 19: `fail` is an ordinary failure."""
    driver = drive({"f": FAIL})

    assert driver.status == "failed"
    assert driver.error == {"type": "bad", "message": "no good", "node": "f", "attempts": 1}


def test_fail_may_leave_its_type_out():
    """`message`, `type`."""
    driver = drive({"f": {"use": "fail", "with": {"message": "no"}}})

    assert driver.error is not None
    assert driver.error["message"] == "no"
    assert driver.error["type"]


def test_the_error_port_of_fail_handles_it():
    """SEMANTICS 19: error ports and `on_error` apply."""
    driver = drive({"f": FAIL, "b": work(after=["f.error"])})

    assert running(driver) == ["b"]


def test_fail_with_on_error_continue_ends_nothing():
    """SEMANTICS 19: error ports and `on_error` apply."""
    driver = drive({"f": {**FAIL, "on_error": "continue"}, "b": WORK})

    assert driver.node("f").status == "skipped"
    assert running(driver) == ["b"]


def test_fail_in_an_item_fails_the_item():
    """SEMANTICS 19: and `collect` collects it."""
    nodes = {"f": {**FAIL, "when": "${item == 2}"}}
    driver = drive({"m": {"use": "map", "over": "${[1, 2]}", "nodes": nodes, "on_error": "collect"}}, output="${m}")

    assert driver.output["items"] == [None, None]
    assert [error["node"] for error in driver.output["errors"]] == ["m[1].f"]


def test_the_first_recorded_wins():
    """SEMANTICS 19: a finish after a failure, or the other way round, changes nothing."""
    nodes = {"a": WORK, "b": WORK, "end": {**FINISH, "after": ["a"]}, "f": {**FAIL, "after": ["b"]}}
    first = drive(dict(nodes))
    first.succeed("a")
    first.succeed("b")
    second = drive(dict(nodes))
    second.succeed("b")
    second.succeed("a")

    assert first.status == "succeeded"
    assert second.status == "failed"
