"""What may be repeated and what may not (SEMANTICS 23; P3, P4)."""

from typing import Any

import pytest

from tenuto.core import inputs
from tenuto.core.commands import RunNode
from tenuto.core.events import NodeUnknown
from tenuto.testing.driver import Driver, Refused

from .drive import WORK, drive, given, running, types_of, work


def mail(**keys: Any) -> dict[str, Any]:
    return {"use": "mail", **keys}


def in_doubt(**keys: Any) -> Driver:
    """A `once` node that had started when the process died."""
    driver = drive({"m": mail(**keys), "then": work(after=["m"])}, output="${m}")
    driver.begin("m")
    driver.crash()
    return driver


class TestIdempotent:
    def test_its_start_is_not_recorded(self):
        """One fact a node."""
        driver = drive({"a": WORK})

        driver.succeed("a")

        assert types_of(driver) == ["run.started", "node.succeeded", "run.succeeded"]

    def test_it_runs_again_after_a_crash_with_the_same_key(self):
        """SEMANTICS 23: executed at least once."""
        driver = drive({"a": WORK})
        first = driver.command("a")

        driver.crash()

        again = driver.command("a")
        assert isinstance(again, RunNode)
        assert (again.key, again.attempt) == (first.key, 1)  # type: ignore[union-attr]

    def test_the_key_is_run_and_path(self):
        """SEMANTICS 23: `<run>/<path>`."""
        driver = drive({"m": {"use": "map", "over": "${[1]}", "nodes": {"x": WORK}}})

        assert driver.command("m[0].x").key == "run-1/m[0].x"  # type: ignore[union-attr]

    def test_a_retry_of_a_run_keeps_its_origins_keys(self):
        """SEMANTICS 38: the origin's idempotency keys."""
        driver = drive({"a": WORK}, key_base="run-0")

        assert driver.command("a").key == "run-0/a"  # type: ignore[union-attr]

    def test_a_recorded_result_is_never_computed_again(self):
        """P3."""
        driver = drive({"a": WORK, "b": work(after=["a"])})
        driver.succeed("a")

        driver.crash()

        assert running(driver) == ["b"]


class TestOnce:
    def test_its_start_is_recorded_first(self):
        """SEMANTICS 23: `node.started` is durable before it runs."""
        driver = drive({"m": mail(**{"with": {"to": "ann"}})})
        command = driver.command("m")
        assert isinstance(command, RunNode)
        assert not command.started

        driver.begin("m")

        assert types_of(driver) == ["run.started", "node.started"]
        assert driver.facts[-1].input == {"to": "ann"}  # type: ignore[union-attr]

    def test_a_crash_before_its_start_was_recorded_leaves_no_doubt(self):
        """SEMANTICS 23: it did not run."""
        driver = drive({"m": mail()})

        driver.crash()

        assert running(driver) == ["m"]

    def test_a_crash_after_it_leaves_it_in_doubt(self):
        """SEMANTICS 23: it is not repeated; the run waits for a decision."""
        driver = in_doubt()

        assert running(driver) == []
        assert driver.node("m").status == "unknown"
        assert driver.status == "waiting"
        assert [fact.path for fact in driver.facts if isinstance(fact, NodeUnknown)] == ["m"]

    def test_leaving_in_order_leaves_it_in_doubt_too(self):
        """SEMANTICS 23: an owner that stopped with the node in flight does not know either."""
        driver = drive({"m": mail()})
        driver.begin("m")

        driver.crash(clean=True)

        assert driver.node("m").status == "unknown"

    def test_a_host_that_stopped_it_says_that_nobody_knows(self):
        """SEMANTICS 23: a timeout or cancel leaves it in doubt."""
        driver = drive({"m": mail(timeout="1s")})
        driver.begin("m")

        driver.doubt("m", "it was stopped after 1 s")

        assert driver.node("m").status == "unknown"

    def test_a_result_after_a_crash_of_the_heart_alone_is_still_a_result(self):
        """SEMANTICS 30: a run that only left memory has lost nothing."""
        driver = drive({"m": mail()})
        driver.begin("m")

        driver.reload()
        command = driver.command("m")
        assert isinstance(command, RunNode)
        assert command.started
        driver.succeed("m", 1)

        assert driver.node("m").output == 1

    def test_if_it_raised_it_failed(self):
        """SEMANTICS 23: and only an explicit `retry:` repeats it."""
        driver = drive({"m": mail()})

        driver.fail("m")

        assert driver.status == "failed"

    def test_an_explicit_retry_repeats_it(self):
        """SEMANTICS 23: each attempt's start is recorded."""
        driver = drive({"m": mail(retry={"attempts": 2})})
        driver.fail("m")
        driver.advance(60)

        driver.begin("m")

        assert types_of(driver).count("node.started") == 2

    def test_the_second_attempt_may_be_in_doubt_too(self):
        """SEMANTICS 23: what was recorded of the first attempt says nothing of the second."""
        driver = drive({"m": mail(retry={"attempts": 2})})
        driver.fail("m")
        driver.advance(60)
        driver.crash()
        assert running(driver) == ["m"]

        driver.begin("m")
        driver.crash()

        assert driver.node("m").status == "unknown"


class TestDecisions:
    def test_done_takes_the_output_that_is_given(self):
        """SEMANTICS 23: `{decision: done, output?}`."""
        driver = in_doubt()

        driver.signal("m", {"decision": "done", "output": {"id": 5}})

        assert driver.node("m").output == {"id": 5}
        assert running(driver) == ["then"]

    def test_done_without_output_gives_null(self):
        """SEMANTICS 23: `output?`."""
        driver = in_doubt()

        driver.signal("m", {"decision": "done"})

        assert driver.node("m").output is None

    def test_retry_runs_it_again(self):
        """SEMANTICS 23: as a further attempt with the same key, whatever `retry:` says."""
        driver = in_doubt()

        driver.signal("m", {"decision": "retry"})

        command = driver.command("m")
        assert isinstance(command, RunNode)
        assert (command.started, command.key) == (False, "run-1/m")
        assert command.attempt == 2

    def test_a_decided_retry_survives_a_crash(self):
        """SEMANTICS 30: the decision is in the journal."""
        driver = in_doubt()
        driver.signal("m", {"decision": "retry"})

        driver.crash()

        assert running(driver) == ["m"]

    def test_fail_fails_it(self):
        """SEMANTICS 23: error ports apply."""
        driver = in_doubt()

        driver.signal("m", {"decision": "fail"})

        assert driver.status == "failed"
        assert driver.error is not None
        assert driver.error["node"] == "m"

    def test_items_are_decided_one_by_one(self):
        """SEMANTICS 23: map items."""
        driver = drive(
            {"m": {"use": "map", "over": "${[1, 2]}", "nodes": {"x": mail()}, "output": "${x}"}}, output="${m}"
        )
        driver.begin("m[0].x")
        driver.begin("m[1].x")
        driver.crash()

        driver.signal("m[1].x", {"decision": "done", "output": "b"})
        assert driver.node("m[0].x").status == "unknown"
        driver.signal("m[0].x", {"decision": "done", "output": "a"})

        assert driver.output == ["a", "b"]

    @pytest.mark.parametrize("body", [None, {}, {"decision": "maybe"}, {"decision": True}])
    def test_what_is_no_decision_is_refused(self, body: object):
        """SEMANTICS 23: `{decision: retry|done|fail, output?}`."""
        driver = in_doubt()

        with pytest.raises(Refused) as refused:
            driver.signal("m", body)

        assert refused.value.code == "invalid"
        assert driver.node("m").status == "unknown"

    def test_a_second_decision_is_refused(self):
        """SEMANTICS 25: it has been decided."""
        driver = drive({"m": mail(), "a": WORK})
        driver.begin("m")
        driver.crash()
        driver.signal("m", {"decision": "done"})

        with pytest.raises(Refused):
            driver.signal("m", {"decision": "retry"})

    def test_a_cancel_leaves_it_unknown_and_does_not_wait_for_it(self):
        """SEMANTICS 23, 26: nobody has decided; the run ends all the same."""
        driver = in_doubt()

        driver.cancel()

        assert driver.status == "cancelled"

    def test_a_stopped_once_node_of_which_nobody_knows_does_not_hold_the_cancel(self):
        """SEMANTICS 23: a cancel leaves it in doubt."""
        driver = drive({"m": mail()})
        driver.begin("m")
        driver.cancel()

        driver.tell(inputs.Doubt(driver.now, "m", 1, "stopped"))

        assert driver.status == "cancelled"
        assert types_of(driver).count("node.unknown") == 1


def test_the_input_of_a_decided_retry_is_the_same():
    """SEMANTICS 4: evaluated once."""
    driver = drive({"a": WORK, "m": mail(**{"with": {"to": "${a}"}})})
    driver.succeed("a", "ann")
    driver.begin("m")
    driver.crash()

    driver.signal("m", {"decision": "retry"})

    assert given(driver, "m") == {"to": "ann"}
