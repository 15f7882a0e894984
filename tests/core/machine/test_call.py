"""Child runs (SEMANTICS 20, 26, 39)."""

from typing import Any

import pytest

from tenuto.core import inputs
from tenuto.core.commands import StartChild
from tenuto.core.events import ChildFinished, ChildStarted
from tenuto.testing.driver import Driver

from .drive import WORK, drive, running, stopping, types_of, work


def call(**keys: Any) -> dict[str, Any]:
    return {"use": "call", "with": {"flow": "child", "input": {"x": 1}}, **keys}


def child(driver: Driver, path: str = "c") -> StartChild:
    command = driver.command(path)
    assert isinstance(command, StartChild)
    return command


def test_a_call_starts_a_run_of_another_flow():
    """SEMANTICS 39: with the input it was given, one level deeper."""
    driver = drive({"c": call()})

    command = child(driver)

    assert (command.flow, command.input, command.attempt, command.depth) == ("child", {"x": 1}, 1, 1)


def test_the_childs_id_follows_from_run_path_and_attempt():
    """SEMANTICS 39: a repeated start is harmless."""
    driver = drive({"c": call()})
    first = child(driver).run

    driver.crash()

    assert child(driver).run == first
    assert child(drive({"c": call(), "d": call()}), "d").run != first


def test_the_version_is_recorded_when_it_is_called_and_never_resolved_again():
    """SEMANTICS 39: recorded in `child.started`."""
    driver = drive({"c": call()})

    driver.tell(inputs.ChildBegun(driver.now, "c", child(driver).run, "7"))
    driver.crash()

    assert [fact.version for fact in driver.facts if isinstance(fact, ChildStarted)] == ["7"]
    restarted = [command for command in driver.due if isinstance(command, StartChild)]
    assert all(command.version == "7" for command in restarted)


def test_a_child_that_is_known_to_run_is_followed_after_a_crash():
    """SEMANTICS 39: the host is asked for it again, harmlessly, until it has ended."""
    driver = drive({"c": call()}, output="${c}")
    driver.begin("c")

    driver.crash()
    assert running(driver) == ["c"]
    driver.succeed("c", 5)

    assert driver.output == 5
    assert types_of(driver).count("child.started") == 1


def test_the_output_of_the_call_is_the_childs():
    """Done: its output."""
    driver = drive({"c": call()}, output="${c}")

    driver.succeed("c", {"a": 1})

    assert driver.output == {"a": 1}
    assert [fact.status for fact in driver.facts if isinstance(fact, ChildFinished)] == ["succeeded"]


def test_a_failed_child_fails_the_call():
    """SEMANTICS 14: with the child's type and message."""
    driver = drive({"c": call(), "sorry": work(after=["c.error"])})

    driver.fail("c", "broken", "broke inside")

    error = driver.node("c").error
    assert error is not None
    assert error["type"] == "broken"
    assert "broke inside" in error["message"]
    assert running(driver) == ["sorry"]


def test_a_child_that_cannot_be_started_fails_the_call():
    """SEMANTICS 39: no such flow, no such version, an input that does not fit: the host says so."""
    driver = drive({"c": call(retry={"attempts": 3}), "sorry": work(after=["c.error"])})

    driver.tell(inputs.Failed(driver.now, "c", 1, "input", "there is no flow `child`", retry=False))

    assert driver.node("c").error == {
        "type": "input",
        "message": "there is no flow `child`",
        "node": "c",
        "attempts": 1,
    }
    assert running(driver) == ["sorry"]


def test_retry_on_a_call_starts_a_new_child():
    """SEMANTICS 20: `retry` on `call` starts a new child."""
    driver = drive({"c": call(retry={"attempts": 2})})
    first = child(driver).run

    driver.fail("c")
    driver.advance(60)

    assert child(driver).attempt == 2
    assert child(driver).run != first


def test_what_an_older_child_says_is_dropped():
    """SEMANTICS 27: only the attempt that runs can answer."""
    driver = drive({"c": call(retry={"attempts": 2})})
    first = child(driver).run
    driver.fail("c")
    driver.advance(60)

    facts = driver.tell(inputs.ChildEnded(driver.now, "c", first, "succeeded", "late"))

    assert facts == []
    assert running(driver) == ["c"]


def test_cancel_cascades_to_the_child():
    """SEMANTICS 26: and is waited for."""
    driver = drive({"c": call()})
    driver.begin("c")

    driver.cancel()
    assert stopping(driver) == ["c"]
    assert driver.command("c").run is not None  # type: ignore[union-attr]
    driver.run()

    assert driver.status == "cancelled"
    assert driver.node("c").status == "cancelled"


def test_a_child_that_was_cancelled_by_somebody_fails_the_call():
    """SEMANTICS 14: a call whose child did not succeed has failed."""
    driver = drive({"c": call()})
    run = child(driver).run
    driver.begin("c")

    driver.tell(inputs.ChildEnded(driver.now, "c", run, "cancelled", None, {"type": "cancelled", "message": "by ann"}))

    assert driver.status == "failed"
    assert driver.error is not None
    assert driver.error["node"] == "c"


@pytest.mark.parametrize(("depth", "allowed"), [(0, True), (15, True), (16, False)])
def test_calls_go_sixteen_deep(depth: int, allowed: bool):
    """SEMANTICS 39: depth 16; a flow that calls itself ends."""
    driver = drive({"c": call()}, depth=depth)

    assert (driver.status != "failed") is allowed


def test_two_calls_run_beside_other_nodes():
    """A call is a node like any other."""
    driver = drive({"c": call(), "d": call(), "a": WORK, "all": work(after=["a", "c", "d"])})

    for path in ("d", "a", "c"):
        driver.succeed(path)

    assert running(driver) == ["all"]
