"""Steps: results inside a node (SEMANTICS 24; P3)."""

import pytest

from tenuto.core import inputs
from tenuto.core.commands import RunNode
from tenuto.core.events import StepRecorded
from tenuto.testing.driver import Driver

from .drive import WORK, drive, running, types_of, work

AGENT = work(retry={"attempts": 3})


def steps(driver: Driver, path: str = "a") -> dict[str, object]:
    """What the node that is due would be answered from the journal."""
    command = driver.command(path)
    assert isinstance(command, RunNode)
    return {key: output for key, (_, output) in command.steps.items()}


class TestRecorded:
    def test_a_step_is_recorded_and_answers_after_a_crash(self):
        """SEMANTICS 24: no call that was answered is made again."""
        driver = drive({"a": AGENT})
        driver.step("a", "llm:1", "hello", input_hash="h1")

        driver.crash()

        command = driver.command("a")
        assert isinstance(command, RunNode)
        assert command.steps == {"llm:1": ("h1", "hello")}

    def test_a_step_answers_on_the_next_attempt(self):
        """SEMANTICS 24: steps survive attempts."""
        driver = drive({"a": AGENT})
        driver.step("a", "llm:1", "hello")

        driver.fail("a")
        driver.advance(60)

        assert steps(driver) == {"llm:1": "hello"}

    def test_fresh_drops_them(self):
        """SEMANTICS 24: unless `NodeError(fresh=True)`."""
        driver = drive({"a": AGENT})
        driver.step("a", "llm:1", "hello")

        driver.fail("a", fresh=True)
        driver.advance(60)
        assert steps(driver) == {}
        driver.crash()

        assert steps(driver) == {}

    def test_a_key_is_recorded_once(self):
        """SEMANTICS 24: recorded once per key."""
        driver = drive({"a": AGENT})
        driver.step("a", "llm:1", "first")

        driver.step("a", "llm:1", "second")

        assert [fact.output for fact in driver.facts if isinstance(fact, StepRecorded)] == ["first"]

    def test_steps_keep_their_order(self):
        """SEMANTICS 24: "all later steps" must mean the same after a replay."""
        driver = drive({"a": AGENT})
        for key in ("z", "a", "m"):
            driver.step("a", key, key)

        driver.crash()

        assert list(steps(driver)) == ["z", "a", "m"]

    def test_steps_of_items_do_not_mix(self):
        """SEMANTICS 24: of the node that made them."""
        driver = drive({"m": {"use": "map", "over": "${[1, 2]}", "nodes": {"x": WORK}}})
        driver.step("m[0].x", "k", "zero")

        driver.crash()

        assert steps(driver, "m[0].x") == {"k": "zero"}
        assert steps(driver, "m[1].x") == {}

    def test_a_step_of_a_node_that_has_settled_is_dropped(self):
        """SEMANTICS 27: late writers change nothing."""
        driver = drive({"a": WORK, "b": WORK})
        driver.succeed("a")

        assert driver.tell(inputs.StepDone(driver.now, "a", 1, "k", "h", 1)) == []

    def test_a_step_of_an_older_attempt_is_dropped(self):
        """SEMANTICS 27: only the attempt that runs may record."""
        driver = drive({"a": AGENT})
        driver.fail("a")
        driver.advance(60)

        assert driver.tell(inputs.StepDone(driver.now, "a", 1, "k", "h", 1)) == []


class TestMismatch:
    def test_it_drops_the_step_and_all_later_ones(self):
        """SEMANTICS 24: fact `steps.dropped`."""
        driver = drive({"a": AGENT})
        for key in ("one", "two", "three"):
            driver.step("a", key, key)

        driver.tell(inputs.StepMismatch(driver.now, "a", 1, "two"))
        driver.crash()

        assert "steps.dropped" in types_of(driver)
        assert steps(driver) == {"one": "one"}

    def test_the_node_goes_on_and_records_anew(self):
        """SEMANTICS 24: the node is not stopped for it."""
        driver = drive({"a": AGENT})
        driver.step("a", "one", "old", input_hash="h1")
        driver.tell(inputs.StepMismatch(driver.now, "a", 1, "one"))

        driver.step("a", "one", "new", input_hash="h2")
        driver.crash()

        assert steps(driver) == {"one": "new"}

    @pytest.mark.parametrize("once", ["two", "three"])
    def test_if_a_once_step_is_among_them_nobody_knows(self, once: str):
        """SEMANTICS 24: the node is `unknown`."""
        driver = drive({"a": AGENT})
        for key in ("one", "two", "three"):
            if key == once:
                driver.tell(inputs.StepStarting(driver.now, "a", 1, key, "h"))
            driver.step("a", key, key, input_hash="h")

        driver.tell(inputs.StepMismatch(driver.now, "a", 1, "two"))

        assert driver.node("a").status == "unknown"

    def test_a_once_step_before_it_stays(self):
        """SEMANTICS 24: only it and what is later is dropped."""
        driver = drive({"a": AGENT})
        driver.tell(inputs.StepStarting(driver.now, "a", 1, "one", "h"))
        driver.step("a", "one", 1)
        driver.step("a", "two", 2)

        driver.tell(inputs.StepMismatch(driver.now, "a", 1, "two"))

        assert driver.node("a").status == "running"


class TestOnceSteps:
    def test_its_start_is_recorded_first(self):
        """SEMANTICS 24: `step.started`."""
        driver = drive({"a": AGENT})

        driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h"))

        assert types_of(driver)[-1] == "step.started"

    def test_a_crash_in_the_middle_leaves_the_node_in_doubt(self):
        """SEMANTICS 24: in doubt it suspends the node as a `once` node."""
        driver = drive({"a": AGENT})
        driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h"))

        driver.crash()

        assert driver.node("a").status == "unknown"
        assert running(driver) == []

    def test_a_crash_after_it_was_recorded_does_not(self):
        """SEMANTICS 24: then it answers like any step."""
        driver = drive({"a": AGENT})
        driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h"))
        driver.step("a", "send", "sent")

        driver.crash()

        assert steps(driver) == {"send": "sent"}

    def test_its_start_said_again_after_that_changes_nothing(self):
        """SEMANTICS 24: a late repeat must not put in doubt what is recorded."""
        driver = drive({"a": AGENT})
        driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h"))
        driver.step("a", "send", "sent")

        assert driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h")) == []

    def test_done_answers_the_step_and_the_node_goes_on(self):
        """SEMANTICS 23, 24: the decision is on the step in doubt."""
        driver = drive({"a": AGENT})
        driver.step("a", "one", 1)
        driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h"))
        driver.crash()

        driver.signal("a", {"decision": "done", "output": "sent by hand"})

        assert running(driver) == ["a"]
        assert steps(driver) == {"one": 1, "send": "sent by hand"}

    def test_retry_makes_the_step_again(self):
        """SEMANTICS 23, 24: with the steps before it."""
        driver = drive({"a": AGENT})
        driver.step("a", "one", 1)
        driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h"))
        driver.crash()

        driver.signal("a", {"decision": "retry"})

        assert running(driver) == ["a"]
        assert steps(driver) == {"one": 1}

    def test_fail_fails_the_node(self):
        """SEMANTICS 23."""
        driver = drive({"a": AGENT})
        driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h"))
        driver.crash()

        driver.signal("a", {"decision": "fail"})

        assert driver.status == "failed"

    def test_if_the_call_raised_the_node_failed_in_the_ordinary_way(self):
        """SEMANTICS 23: if it raised, it failed."""
        driver = drive({"a": AGENT})
        driver.tell(inputs.StepStarting(driver.now, "a", 1, "send", "h"))

        driver.fail("a")

        assert driver.node("a").status == "retrying"
        driver.crash()
        assert driver.node("a").status == "retrying"
