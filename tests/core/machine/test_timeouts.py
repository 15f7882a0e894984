"""Timeouts of nodes and of runs (SEMANTICS 21)."""

import pytest

from tenuto.core.commands import RunNode

from .drive import WORK, drive, running, stopping, timers, types_of, work


def timeout_of(driver, path: str) -> float | None:
    command = driver.command(path)
    assert isinstance(command, RunNode)
    return command.timeout


def test_a_library_nodes_timeout_is_the_hosts_to_keep():
    """SEMANTICS 21: per attempt and running time only, so it rides on the command."""
    driver = drive({"a": work(timeout="90s", retry={"attempts": 2})})
    assert timeout_of(driver, "a") == 90
    assert timers(driver) == {}

    driver.fail("a", "timeout", "took longer than 90 s")
    driver.advance(60)

    assert timeout_of(driver, "a") == 90


def test_a_timeout_is_a_failure_that_may_be_retried():
    """SEMANTICS 20, 21: type `timeout`."""
    driver = drive({"a": work(timeout="1s", retry={"attempts": 2, "on": ["timeout"]})})

    driver.fail("a", "timeout")

    assert driver.node("a").status == "retrying"


def test_a_timeout_may_be_an_expression():
    """SEMANTICS 4: evaluated when due; a number is seconds."""
    driver = drive({"a": WORK, "b": work(timeout="${a}")})

    driver.succeed("a", "2m")

    assert timeout_of(driver, "b") == 120


@pytest.mark.parametrize("value", ["soon", -1, None, [1]])
def test_what_is_no_duration_fails_the_node(value: object):
    """The heart never raises."""
    driver = drive({"a": WORK, "b": work(timeout="${a}")})

    driver.succeed("a", value)

    assert driver.status == "failed"
    assert driver.error is not None
    assert driver.error["node"] == "b"


def test_a_run_that_takes_too_long_fails():
    """SEMANTICS 21: run `timeout` counts from `run.started`, waits included."""
    driver = drive({"a": WORK, "w": {"use": "wait", "with": {"for": "1d"}}}, timeout="1h")
    assert timers(driver)["run"] == 3600

    driver.advance(3600)
    assert stopping(driver) == ["a"]
    driver.run()

    assert driver.status == "failed"
    assert driver.error is not None
    assert driver.error["type"] == "timeout"
    assert driver.node("w").status == "cancelled"


def test_the_runs_timeout_survives_a_crash():
    """P7: by the recorded time."""
    driver = drive({"a": WORK}, timeout="1h")
    driver.advance(1000)

    driver.crash()

    assert timers(driver) == {"run": 2600}


def test_a_run_that_ends_in_time_has_no_timer_left():
    """P2: and a late timer changes nothing."""
    driver = drive({"a": WORK}, timeout="1h")
    driver.succeed("a")

    driver.advance(10_000)

    assert driver.status == "succeeded"
    assert types_of(driver)[-1] == "run.succeeded"


def test_the_runs_timeout_may_read_the_input():
    """SEMANTICS 4: allowed in `timeout`."""
    driver = drive({"a": WORK}, timeout="${input.limit}", input={"limit": "string"}, given={"limit": "10m"})

    assert timers(driver) == {"run": 600}


@pytest.mark.parametrize(
    "node",
    [
        {"use": "map", "over": "${[1, 2]}", "nodes": {"x": WORK}},
        {"use": "loop", "max": 2, "nodes": {"x": WORK}},
        {"use": "call", "with": {"flow": "child"}},
    ],
)
def test_a_container_or_call_that_takes_too_long_is_stopped_and_fails(node: dict[str, object]):
    """SEMANTICS 21: type `timeout`; what runs inside is stopped first."""
    driver = drive({"c": {**node, "timeout": "1m"}, "sorry": work(after=["c.error"])})
    assert timers(driver) == {"c": 60}

    driver.advance(60)
    assert stopping(driver)
    assert running(driver) == []
    driver.run()

    assert driver.node("c").error["type"] == "timeout"  # type: ignore[index]
    assert running(driver) == ["sorry"]


def test_each_attempt_of_a_call_has_the_whole_timeout():
    """SEMANTICS 21: timeout is per attempt."""
    driver = drive({"c": {"use": "call", "with": {"flow": "child"}, "timeout": "1m", "retry": {"attempts": 2}}})
    driver.advance(50)
    driver.fail("c")
    driver.advance(1)

    assert running(driver) == ["c"]
    driver.advance(55)
    assert running(driver) == ["c"]
    driver.advance(5)
    assert stopping(driver) == ["c"]


def test_a_call_that_took_too_long_may_succeed_the_next_time():
    """SEMANTICS 20, 21: a timeout is an error that `retry` repeats; what became of the first child is past."""
    nodes = {"c": {"use": "call", "with": {"flow": "child"}, "timeout": "1m", "retry": {"attempts": 2}}}
    driver = drive(nodes, output="${c}")
    driver.advance(60)
    driver.run()
    assert driver.node("c").status == "retrying"
    driver.advance(10)

    driver.succeed("c", "in time")

    assert (driver.status, driver.output) == ("succeeded", "in time")


def test_stuck_is_a_failure():
    """SEMANTICS 21: one that does not return within the grace fails with type `stuck`."""
    driver = drive({"a": work(timeout="1s")})

    driver.fail("a", "stuck", retry=False)

    assert driver.error is not None
    assert driver.error["type"] == "stuck"
